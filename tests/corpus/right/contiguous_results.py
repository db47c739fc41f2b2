def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param['stride'], conv_param['pad']
    n, c, h, wid = x.shape
    f, c2, hh, ww = w.shape
    oh, ow = (h + 2 * pad - hh) // stride + 1, (wid + 2 * pad - ww) // stride + 1
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), 'constant', constant_values=(0, 0))
    out = np.zeros(n * f * oh * ow)
    k = 0
    for a in range(n):
        for d in range(f):
            for r in range(0, oh * stride, stride):
                for q in range(0, ow * stride, stride):
                    out[k] = np.multiply(xp[a, :, r:r + hh, q:q + ww], w[d, :, :, :]).sum() + b[d]
                    k = k + 1
    out = out.reshape((n, f, oh, ow))
    return np.ascontiguousarray(out), (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param['stride'], conv_param['pad']
    n, c, h, wid = x.shape
    f, c2, hh, ww = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), 'constant', constant_values=(0, 0))
    dxp, dw, db = np.zeros_like(xp), np.zeros_like(w), np.zeros_like(b)
    for d in range(f):
        db[d] = np.sum(dout[:, d, :, :])
    for a in range(n):
        for d in range(f):
            for i, r in enumerate(range(0, dout.shape[2] * stride, stride)):
                for j, q in enumerate(range(0, dout.shape[3] * stride, stride)):
                    dw[d] += dout[a, d, i, j] * xp[a, :, r:r + hh, q:q + ww]
                    dxp[a, :, r:r + hh, q:q + ww] += dout[a, d, i, j] * w[d]
    dx = np.delete(dxp, list(range(pad)) + list(range(h + pad, h + 2 * pad)), axis=2)
    dx = np.delete(dx, list(range(pad)) + list(range(wid + pad, wid + 2 * pad)), axis=3)
    return np.ascontiguousarray(dx), dw, db
