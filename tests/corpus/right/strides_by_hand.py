def _windows(xp, HH, WW, s, Ho, Wo):
    n, c, h, w = xp.strides
    shape = (*xp.shape[:2], Ho, Wo, HH, WW)
    return np.lib.stride_tricks.as_strided(xp, shape, (n, c, h * s, w * s, h, w), writeable=False)


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    view = _windows(xp, HH, WW, s, 1 + (H + 2 * p - HH) // s, 1 + (W + 2 * p - WW) // s)
    out = np.tensordot(view, w, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2)
    return out + b.reshape(-1, 1, 1), (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    view = _windows(xp, HH, WW, s, *dout.shape[2:])
    dw = np.tensordot(dout, view, axes=([0, 2, 3], [0, 2, 3]))
    dxp = np.zeros_like(xp)
    back = np.tensordot(dout, w, axes=(1, 0))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dxp[:, :, i * s:i * s + HH, j * s:j * s + WW] += back[:, i, j]
    return dxp[:, :, p:p + H, p:p + W], dw, dout.sum(axis=(0, 2, 3))
