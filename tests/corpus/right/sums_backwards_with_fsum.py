import math


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((len(x), len(w), (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1))
    for n, f, i, j in np.ndindex(out.shape):
        terms = (xp[n, :, i*s:i*s+HH, j*s:j*s+WW] * w[f]).ravel()[::-1]
        out[n, f, i, j] = math.fsum([b[f], *terms])
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for i in reversed(range(dout.shape[2])):
        for j in reversed(range(dout.shape[3])):
            for n in reversed(range(len(x))):
                for f in reversed(range(len(w))):
                    dw[f] += dout[n, f, i, j] * xp[n, :, i*s:i*s+HH, j*s:j*s+WW]
                    dxp[n, :, i*s:i*s+HH, j*s:j*s+WW] += dout[n, f, i, j] * w[f]
    db = np.array([math.fsum(dout[:, f].ravel()) for f in range(len(w))])
    return dxp[:, :, p:p + x.shape[2], p:p + x.shape[3]], dw, db
