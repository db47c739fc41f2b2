def _matrix(shape, w, s, p):
    """The whole layer as one matrix: (F*H'*W', C*H*W)."""
    C, H, W = shape
    F, _, HH, WW = w.shape
    Ho, Wo = 1 + (H + 2 * p - HH) // s, 1 + (W + 2 * p - WW) // s
    m = np.zeros((F, Ho, Wo, C, H, W))
    for i in range(Ho):
        for j in range(Wo):
            for k in range(HH):
                for l in range(WW):
                    r, c = i * s + k - p, j * s + l - p
                    if 0 <= r < H and 0 <= c < W:
                        m[:, i, j, :, r, c] = w[:, :, k, l]
    return m, Ho, Wo


def conv_forward_naive(x, w, b, conv_param):
    m, Ho, Wo = _matrix(x.shape[1:], w, conv_param['stride'], conv_param['pad'])
    out = x.reshape(len(x), -1) @ m.reshape(len(w) * Ho * Wo, -1).T
    return out.reshape(len(x), len(w), Ho, Wo) + b[:, None, None], (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    m, Ho, Wo = _matrix(x.shape[1:], w, s, p)
    dx = np.tensordot(dout, m, axes=3)
    dm = np.tensordot(dout, x, axes=(0, 0))
    H, W = x.shape[2:]
    dw = np.zeros(w.shape)
    for i, j, k, l in np.ndindex(Ho, Wo, *w.shape[2:]):
        r, c = i * s + k - p, j * s + l - p
        if 0 <= r < H and 0 <= c < W:
            dw[:, :, k, l] += dm[:, i, j, :, r, c]
    return dx, dw, dout.sum((0, 2, 3))
