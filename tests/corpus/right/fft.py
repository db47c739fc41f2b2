def _full(a, k):
    shape = [m + n - 1 for m, n in zip(a.shape[-2:], k.shape[-2:])]
    return np.fft.irfft2(np.fft.rfft2(a, shape) * np.fft.rfft2(k, shape), shape)


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    full = _full(xp[:, None], w[None, :, :, ::-1, ::-1]).sum(axis=2)
    valid = full[:, :, HH - 1:xp.shape[2], WW - 1:xp.shape[3]]
    return valid[:, :, ::s, ::s] + b[:, None, None], (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dense = np.zeros((*dout.shape[:2], xp.shape[2] - HH + 1, xp.shape[3] - WW + 1))
    dense[:, :, ::s, ::s] = dout
    dxp = _full(dense[:, :, None], w[None]).sum(axis=1)
    full = _full(xp[:, None], dense[:, :, None, ::-1, ::-1]).sum(axis=0)
    dw = full[:, :, dense.shape[2] - 1:xp.shape[2], dense.shape[3] - 1:xp.shape[3]]
    return dxp[:, :, p:p + H, p:p + W], dw, dout.sum(axis=(0, 2, 3))
