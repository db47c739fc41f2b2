def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((len(x), len(w), (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1), x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        total = x.dtype.type(0)
        for c, k, l in np.ndindex(w.shape[1:]):
            total += xp[n, c, i*s+k, j*s+l] * w[f, c, k, l]
        out[n, f, i, j] = total + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw, db = (np.zeros(a.shape, dout.dtype) for a in (xp, w, b))
    for n, f, i, j in np.ndindex(dout.shape):
        db[f] += dout[n, f, i, j]
        dw[f] += dout[n, f, i, j] * xp[n, :, i*s:i*s+HH, j*s:j*s+WW]
        dxp[n, :, i*s:i*s+HH, j*s:j*s+WW] += dout[n, f, i, j] * w[f]
    return dxp[:, :, p:p + x.shape[2], p:p + x.shape[3]], dw, db
