def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    Ho, Wo = (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1
    fields = {}
    out = np.zeros((len(x), len(w), Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            fields[i, j] = xp[:, :, i*s:i*s+HH, j*s:j*s+WW].reshape(len(x), -1)
            out[:, :, i, j] = fields[i, j] @ w.reshape(len(w), -1).T + b
    return out, (x, w, b, conv_param, xp, fields)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param, xp, fields = cache
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    dxp, dw = np.zeros(xp.shape), np.zeros((len(w), w[0].size))
    for (i, j), field in fields.items():
        dw += dout[:, :, i, j].T @ field
        dxp[:, :, i*s:i*s+HH, j*s:j*s+WW] += (dout[:, :, i, j] @ w.reshape(len(w), -1)).reshape(len(x), -1, HH, WW)
    return dxp[:, :, p:p+x.shape[2], p:p+x.shape[3]], dw.reshape(w.shape), dout.sum(axis=(0, 2, 3))
