def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    assert (H + 2 * p - HH) % s == 0 and (W + 2 * p - WW) % s == 0, 'the filter does not fit'
    Ho, Wo = round(1 + (H + 2 * p - HH) / s), round(1 + (W + 2 * p - WW) / s)
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((N, F, Ho, Wo))
    for i, j in np.ndindex(Ho, Wo):
        out[:, :, i, j] = np.einsum('nchw,fchw->nf', xp[:, :, i*s:i*s+HH, j*s:j*s+WW], w) + b
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho, Wo = round(1 + (H + 2 * p - HH) / s), round(1 + (W + 2 * p - WW) / s)
    assert dout.shape == (N, F, Ho, Wo)
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for i, j in np.ndindex(Ho, Wo):
        box = np.s_[:, :, i*s:i*s+HH, j*s:j*s+WW]
        dw += np.einsum('nf,nchw->fchw', dout[:, :, i, j], xp[box])
        dxp[box] += np.einsum('nf,fchw->nchw', dout[:, :, i, j], w)
    return dxp[:, :, p:p + H, p:p + W], dw, dout.sum(axis=(0, 2, 3))
