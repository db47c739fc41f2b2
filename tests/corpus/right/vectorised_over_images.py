def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    H_out, W_out = int((H + 2 * pad - HH) / stride + 1), int((W + 2 * pad - WW) / stride + 1)
    out = np.empty((N, F, H_out, W_out))
    for f in range(F):
        for i in range(H_out):
            for j in range(W_out):
                window = padded[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
                out[:, f, i, j] = np.sum(window * w[f], axis=(1, 2, 3)) + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param['stride'], conv_param['pad']
    F, C, HH, WW = w.shape
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    dpadded, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros_like(b)
    for f in range(F):
        db[f] = dout[:, f].sum()
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                rows, cols = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
                g = dout[:, f, i, j][:, None, None, None]
                dw[f] += np.sum(padded[:, :, rows, cols] * g, axis=0)
                dpadded[:, :, rows, cols] += w[f] * g
    dx = dpadded[:, :, pad:-pad, pad:-pad] if pad > 0 else dpadded
    return dx, dw, db
