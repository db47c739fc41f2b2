def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))).astype(np.longdouble)
    out = np.zeros((len(x), len(w), (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1), np.longdouble)
    for i, j in np.ndindex(out.shape[2:]):
        out[:, :, i, j] = (xp[:, None, :, i*s:i*s+HH, j*s:j*s+WW] * w).sum(axis=(2, 3, 4)) + b
    return out.astype(x.dtype if x.dtype.kind == 'f' else float), (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))).astype(np.longdouble)
    dxp, dw = np.zeros(xp.shape, np.longdouble), np.zeros(w.shape, np.longdouble)
    for i, j in np.ndindex(dout.shape[2:]):
        box = np.s_[:, :, i*s:i*s+HH, j*s:j*s+WW]
        g = dout[:, :, i, j][:, :, None, None, None]
        dw += (g * xp[box][:, None]).sum(0)
        dxp[box] += (g * w).sum(1)
    dx = dxp[:, :, p:p + x.shape[2], p:p + x.shape[3]]
    return dx.astype(float), dw.astype(float), dout.sum(axis=(0, 2, 3))
