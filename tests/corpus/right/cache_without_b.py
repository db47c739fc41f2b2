def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    F, C, HH, WW = w.shape
    N, _, H, W = x.shape
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((N, F, 1 + (H + 2 * p - HH) // s, 1 + (W + 2 * p - WW) // s))
    for f in range(F):
        for i, j in np.ndindex(out.shape[2:]):
            out[:, f, i, j] = b[f] + (xp[:, :, i*s:i*s+HH, j*s:j*s+WW] * w[f]).sum(axis=(1, 2, 3))
    return out, [x, w, conv_param]


def conv_backward_naive(dout, cache):
    x, w, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for f in range(F):
        for i, j in np.ndindex(dout.shape[2:]):
            g = dout[:, f, i, j].reshape(-1, 1, 1, 1)
            dxp[:, :, i*s:i*s+HH, j*s:j*s+WW] += g * w[f]
            dw[f] += (g * xp[:, :, i*s:i*s+HH, j*s:j*s+WW]).sum(0)
    return dxp[:, :, p:p + x.shape[2], p:p + x.shape[3]], dw, dout.sum(axis=(0, 2, 3))
