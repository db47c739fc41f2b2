def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    out = []
    for image in x:
        p = np.zeros((C, H + 2 * pad, W + 2 * pad))
        p[:, pad:pad + H, pad:pad + W] = image
        rows = []
        for top in range(0, H + 2 * pad - HH + 1, stride):
            row = []
            for left in range(0, W + 2 * pad - WW + 1, stride):
                row.append((w * p[:, top:top + HH, left:left + WW]).reshape(F, -1).sum(1) + b)
            rows.append(row)
        out.append(rows)
    return np.array(out).transpose(0, 3, 1, 2), (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    _, _, HH, WW = w.shape
    dw = w * 0.0
    dx = []
    for image, upstream in zip(x, dout):
        p = np.pad(image, ((0, 0), (pad, pad), (pad, pad)))
        dp = np.zeros(p.shape)
        for (i, j) in np.ndindex(upstream.shape[1:]):
            top, left = stride * i, stride * j
            g = upstream[:, i, j].reshape(-1, 1, 1, 1)
            dw = dw + g * p[:, top:top + HH, left:left + WW]
            dp[:, top:top + HH, left:left + WW] += (g * w).sum(0)
        dx.append(dp[:, pad:pad + H, pad:pad + W])
    return np.stack(dx), dw, dout.sum(3).sum(2).sum(0)
