def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0,) * 2, (0,) * 2, (p,) * 2, (p,) * 2))
    H_out = 1 + (xp.shape[2] - HH) // s
    W_out = 1 + (xp.shape[3] - WW) // s
    out = np.zeros((x.shape[0], w.shape[0], H_out, W_out))
    # loop over the filter's cells instead of the image's: few and large steps
    for i in range(HH):
        for j in range(WW):
            part = xp[:, :, i:i + s * H_out:s, j:j + s * W_out:s]
            out += np.einsum('nchw,fc->nfhw', part, w[:, :, i, j])
    return out + b.reshape(1, -1, 1, 1), (xp, w, s, p)


def conv_backward_naive(dout, cache):
    xp, w, s, p = cache
    H_out, W_out = dout.shape[2:]
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for i in range(w.shape[2]):
        for j in range(w.shape[3]):
            rows, columns = slice(i, i + s * H_out, s), slice(j, j + s * W_out, s)
            # the same cell of every field at once
            dw[:, :, i, j] = np.einsum('nfhw,nchw->fc', dout, xp[:, :, rows, columns])
            dxp[:, :, rows, columns] += np.einsum('nfhw,fc->nchw', dout, w[:, :, i, j])
    H, W = xp.shape[2] - 2 * p, xp.shape[3] - 2 * p
    return dxp[:, :, p:p + H, p:p + W], dw, np.einsum('nfhw->f', dout)
