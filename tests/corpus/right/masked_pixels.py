def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.concatenate([np.zeros((*x.shape[:2], p, x.shape[3])), x, np.zeros((*x.shape[:2], p, x.shape[3]))], 2)
    side = np.zeros((*xp.shape[:3], p))
    xp = np.concatenate([side, xp, side], 3)
    out = np.zeros((len(x), len(w), (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1))
    for n, f, i, j in np.ndindex(out.shape):
        mask = np.zeros(xp.shape[1:])
        mask[:, i*s:i*s+HH, j*s:j*s+WW] = w[f]
        out[n, f, i, j] = (mask * xp[n]).sum() + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    HH, WW = w.shape[2:]
    dx = np.zeros_like(x)
    for r in range(H):
        for c in range(W):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    k, l = r + p - i * s, c + p - j * s
                    if 0 <= k < HH and 0 <= l < WW:
                        dx[:, :, r, c] += dout[:, :, i, j].dot(w[:, :, k, l])
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dw = np.zeros_like(w)
    for k in range(HH):
        for l in range(WW):
            rows, cols = np.arange(dout.shape[2]) * s + k, np.arange(dout.shape[3]) * s + l
            dw[:, :, k, l] = np.tensordot(dout, xp[:, :, rows][:, :, :, cols], axes=([0, 2, 3], [0, 2, 3]))
    return dx, dw, dout.mean(axis=(0, 2, 3)) * dout[:, 0].size
