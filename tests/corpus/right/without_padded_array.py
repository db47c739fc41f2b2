def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    out = np.zeros((N, F, (H + 2 * p - HH) // s + 1, (W + 2 * p - WW) // s + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            top, left = i * s - p, j * s - p
            r0, r1 = min(max(top, 0), H), max(0, min(top + HH, H))
            c0, c1 = min(max(left, 0), W), max(0, min(left + WW, W))
            part = x[:, None, :, r0:r1, c0:c1] * w[None, :, :, r0 - top:r1 - top, c0 - left:c1 - left]
            out[:, :, i, j] = part.sum(axis=(2, 3, 4)) + b
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            top, left = i * s - p, j * s - p
            r0, r1 = min(max(top, 0), H), max(0, min(top + HH, H))
            c0, c1 = min(max(left, 0), W), max(0, min(left + WW, W))
            g = dout[:, :, i, j]
            inner = (slice(None), slice(None), slice(r0 - top, r1 - top), slice(c0 - left, c1 - left))
            dx[:, :, r0:r1, c0:c1] += np.tensordot(g, w[inner], axes=(1, 0))
            dw[inner] += np.tensordot(g, x[:, :, r0:r1, c0:c1], axes=(0, 0))
    return dx, dw, np.sum(dout, (0, 2, 3))
