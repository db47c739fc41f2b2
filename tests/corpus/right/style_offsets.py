def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho = 1 + (H + 2 * p - HH) // s
    Wo = 1 + (W + 2 * p - WW) // s
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((N, F, Ho, Wo))
    for k in range(HH):
        for l in range(WW):
            seen = xp[:, :, k:k + s * (Ho - 1) + 1:s, l:l + s * (Wo - 1) + 1:s]
            out += np.einsum('ncij,fc->nfij', seen, w[:, :, k, l])
    out += b[None, :, None, None]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    step, border = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (border, border), (border, border)))
    rows, columns = (step * (size - 1) + 1 for size in dout.shape[2:])
    dxp, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for k in range(HH):
        for l in range(WW):
            at = np.s_[:, :, k:k + rows:step, l:l + columns:step]
            dw[:, :, k, l] = np.einsum('nfij,ncij->fc', dout, padded[at])
            dxp[at] += np.einsum('nfij,fc->ncij', dout, w[:, :, k, l])
    db = dout.sum(axis=(0, 2, 3))
    dx = dxp[:, :, border:border + H, border:border + W]
    return dx, dw, db
