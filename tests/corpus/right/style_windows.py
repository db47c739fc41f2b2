def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho = 1 + (H + 2 * p - HH) // s
    Wo = 1 + (W + 2 * p - WW) // s
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    fields = np.lib.stride_tricks.sliding_window_view(xp, (HH, WW), axis=(2, 3))[:, :, ::s, ::s]
    out = np.zeros((N, F, Ho, Wo))
    out[:] = np.einsum('ncijkl,fckl->nfij', fields, w) + b.reshape(1, F, 1, 1)
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    step, border = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (border, border), (border, border)))
    fields = np.lib.stride_tricks.sliding_window_view(padded, (HH, WW), axis=(2, 3))[:, :, ::step, ::step]
    dw = np.einsum('nfij,ncijkl->fckl', dout, fields)
    # the gradients, spread out by the stride and seen by the turned filters
    high, wide = padded.shape[2] + HH - 1, padded.shape[3] + WW - 1
    sparse = np.zeros((N, F, high, wide))
    sparse[:, :, HH - 1:high - HH + 1:step, WW - 1:wide - WW + 1:step] = dout
    turned = np.lib.stride_tricks.sliding_window_view(sparse, (HH, WW), axis=(2, 3))
    dxp = np.einsum('nfijkl,fckl->ncij', turned, w[:, :, ::-1, ::-1])
    db = dout.sum(axis=(0, 2, 3))
    dx = dxp[:, :, border:border + H, border:border + W]
    return dx, dw, db
