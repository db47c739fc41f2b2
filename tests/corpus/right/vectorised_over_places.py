def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho, Wo = (H + 2 * p - HH) // s + 1, (W + 2 * p - WW) // s + 1
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((N, F, Ho, Wo)) + b.reshape(1, -1, 1, 1)
    for k in range(HH):
        for l in range(WW):
            seen = xp[:, :, k:k + s * Ho:s, l:l + s * Wo:s][:, :, :Ho, :Wo]
            out += np.einsum('ncij,fc->nfij', seen, w[:, :, k, l])
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    Ho, Wo = dout.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for k in range(HH):
        for l in range(WW):
            at = (slice(None), slice(None), slice(k, k + s * (Ho - 1) + 1, s), slice(l, l + s * (Wo - 1) + 1, s))
            dw[:, :, k, l] = np.einsum('nfij,ncij->fc', dout, xp[at])
            dxp[at] += np.einsum('nfij,fc->ncij', dout, w[:, :, k, l])
    return dxp[:, :, p:p + H, p:p + W], dw, np.einsum('nfij->f', dout)
