def image_to_columns(x, HH, WW, stride, pad):
    # indices of every receptive field, then one fancy-indexing step
    N, C, H, W = x.shape
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    c = np.repeat(np.arange(C), HH * WW)[:, None]
    i = np.tile(np.repeat(np.arange(HH), WW), C)[:, None] + stride * np.repeat(np.arange(H_out), W_out)
    j = np.tile(np.arange(WW), HH * C)[:, None] + stride * np.tile(np.arange(W_out), H_out)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    return padded[:, c, i, j], (c, i, j), H_out, W_out


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param['stride'], conv_param['pad']
    F, C, HH, WW = w.shape
    # columns: (N, C*HH*WW, H'*W')
    columns, index, H_out, W_out = image_to_columns(x, HH, WW, stride, pad)
    # a convolution is now one matrix product for each image
    out = w.reshape(F, -1) @ columns + b[:, None]
    cache = (x.shape, columns, index, w, stride, pad)
    return out.reshape(x.shape[0], F, H_out, W_out), cache


def conv_backward_naive(dout, cache):
    (N, C, H, W), columns, (c, i, j), w, stride, pad = cache
    F = w.shape[0]
    flat = dout.reshape(N, F, -1)
    db = flat.sum(axis=(0, 2))
    dw = np.einsum('nfp,nkp->fk', flat, columns).reshape(w.shape)
    dcolumns = w.reshape(F, -1).T @ flat
    # add each column back to where it was taken from; add.at counts repeated places
    dx = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dtype=dout.dtype)
    np.add.at(dx, (slice(None), c, i, j), dcolumns)
    return dx[:, :, pad:pad + H, pad:pad + W], dw, db
