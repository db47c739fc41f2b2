from itertools import product


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    (N, C, H, W), (F, _, HH, WW) = x.shape, w.shape
    Ho, Wo = 1 + (H + 2 * p - HH) // s, 1 + (W + 2 * p - WW) // s
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((N, F, Ho, Wo))
    for n, f, i, j in product(range(N), range(F), range(Ho), range(Wo)):
        out[n, f, i, j] = np.vdot(xp[n, :, i * s:i * s + HH, j * s:j * s + WW], w[f]) + b[f]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    (N, C, H, W), (F, _, HH, WW) = x.shape, w.shape
    dx = np.zeros(x.shape)
    # for every pixel: all the outputs that looked at it
    for i, j, k, l in product(range(dout.shape[2]), range(dout.shape[3]), range(HH), range(WW)):
        r, c = i * s + k - p, j * s + l - p
        if 0 <= r < H and 0 <= c < W:
            dx[:, :, r, c] += dout[:, :, i, j] @ w[:, :, k, l]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dw = np.array([[[[np.sum(dout[:, f] * xp[:, c, k:k + s * dout.shape[2]:s, l:l + s * dout.shape[3]:s]
                             [:, :dout.shape[2], :dout.shape[3]])
                      for l in range(WW)] for k in range(HH)] for c in range(C)] for f in range(F)])
    return dx, dw, dout.sum(axis=(0, 2, 3))
