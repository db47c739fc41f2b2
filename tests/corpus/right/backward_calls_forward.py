def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((len(x), len(w), (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1))
    for i, j in np.ndindex(out.shape[2:]):
        out[:, :, i, j] = np.einsum('nchw,fchw->nf', xp[:, :, i*s:i*s+HH, j*s:j*s+WW], w) + b
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Hp, Wp = H + 2 * p, W + 2 * p
    dense = np.zeros((N, F, Hp - HH + 1, Wp - WW + 1))
    dense[:, :, ::s, ::s] = dout
    one = {'stride': 1, 'pad': 0}
    wide = np.pad(dense, ((0, 0), (0, 0), (HH - 1,) * 2, (WW - 1,) * 2))
    dxp, _ = conv_forward_naive(wide, w[:, :, ::-1, ::-1].swapaxes(0, 1), np.zeros(C), one)
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dw, _ = conv_forward_naive(xp.swapaxes(0, 1), dense.swapaxes(0, 1), np.zeros(F), one)
    return dxp[:, :, p:p + H, p:p + W], dw.swapaxes(0, 1), dout.sum(axis=(0, 2, 3))
