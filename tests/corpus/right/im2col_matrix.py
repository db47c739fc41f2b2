def im2col(x, HH, WW, stride, pad):
    N, C, H, W = x.shape
    Ho, Wo = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    col = np.zeros((N, C, HH, WW, Ho, Wo))
    for i in range(HH):
        for j in range(WW):
            col[:, :, i, j] = xp[:, :, i:i + stride * Ho:stride, j:j + stride * Wo:stride][:, :, :Ho, :Wo]
    return col.transpose(0, 4, 5, 1, 2, 3).reshape(N * Ho * Wo, -1)


def col2im(col, shape, HH, WW, stride, pad):
    N, C, H, W = shape
    Ho, Wo = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    col = col.reshape(N, Ho, Wo, C, HH, WW).transpose(0, 3, 4, 5, 1, 2)
    img = np.zeros((N, C, H + 2 * pad + stride - 1, W + 2 * pad + stride - 1))
    for i in range(HH):
        for j in range(WW):
            img[:, :, i:i + stride * Ho:stride, j:j + stride * Wo:stride] += col[:, :, i, j]
    return img[:, :, pad:H + pad, pad:W + pad]


def conv_forward_naive(x, w, b, conv_param):
    F, C, HH, WW = w.shape
    stride, pad = conv_param['stride'], conv_param['pad']
    N, _, H, W = x.shape
    col = im2col(x, HH, WW, stride, pad)
    out = np.dot(col, w.reshape(F, -1).T) + b
    Ho = (H + 2 * pad - HH) // stride + 1
    return out.reshape(N, Ho, -1, F).transpose(0, 3, 1, 2), (x.shape, col, w, conv_param)


def conv_backward_naive(dout, cache):
    shape, col, w, conv_param = cache
    F, C, HH, WW = w.shape
    flat = dout.transpose(0, 2, 3, 1).reshape(-1, F)
    db = flat.sum(axis=0)
    dw = (col.T @ flat).T.reshape(w.shape)
    dx = col2im(flat @ w.reshape(F, -1), shape, HH, WW, conv_param['stride'], conv_param['pad'])
    return dx, dw, db
