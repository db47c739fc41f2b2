from numpy.lib.stride_tricks import sliding_window_view


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    view = sliding_window_view(xp, w.shape[2:], axis=(2, 3))[:, :, ::s, ::s]
    out = np.einsum('ncijkl,fckl->nfij', view, w, optimize=True) + b[None, :, None, None]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    view = sliding_window_view(xp, (HH, WW), axis=(2, 3))[:, :, ::s, ::s]
    dw = np.einsum('ncijkl,nfij->fckl', view, dout)
    # a transposed convolution: spread dout out, then convolve with the flipped filters
    N, F, Ho, Wo = dout.shape
    Hp, Wp = xp.shape[2:]
    spread = np.zeros((N, F, Hp + HH - 1, Wp + WW - 1))
    spread[:, :, HH - 1:HH - 1 + s * Ho:s, WW - 1:WW - 1 + s * Wo:s] = dout
    fields = sliding_window_view(spread, (HH, WW), axis=(2, 3))
    dxp = np.einsum('nfijkl,fckl->ncij', fields, w[:, :, ::-1, ::-1])
    return dxp[:, :, p:Hp - p, p:Wp - p], dw, dout.sum((0, 2, 3))
