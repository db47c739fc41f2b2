def _index(shape, HH, WW, s, p):
    C, H, W = shape
    Ho, Wo = 1 + (H + 2 * p - HH) // s, 1 + (W + 2 * p - WW) // s
    c, k, l = (a.ravel()[:, None] for a in np.indices((C, HH, WW)))
    i, j = (a.ravel()[None] * s for a in np.indices((Ho, Wo)))
    return c, k + i, l + j, Ho, Wo


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    c, r, l, Ho, Wo = _index(x.shape[1:], *w.shape[2:], s, p)
    columns = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))[:, c, r, l]
    out = np.matmul(w.reshape(len(w), -1), columns) + b[:, None]
    return out.reshape(len(x), len(w), Ho, Wo), (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    c, r, l, _, _ = _index((C, H, W), *w.shape[2:], s, p)
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    flat = dout.reshape(N, len(w), -1)
    dxp = np.zeros(xp.shape)
    np.add.at(dxp, (slice(None), c, r, l), np.matmul(w.reshape(len(w), -1).T, flat))
    dw = np.matmul(flat, xp[:, c, r, l].transpose(0, 2, 1)).sum(0).reshape(w.shape)
    return dxp[:, :, p:p + H, p:p + W], dw, flat.sum((0, 2))
