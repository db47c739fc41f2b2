def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    Ho, Wo = (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1
    out = np.zeros((len(x), len(w), Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            out[:, :, i, j] = np.einsum('nchw,fchw->nf', xp[:, :, i*s:i*s+HH, j*s:j*s+WW], w) + b
    return out, {'shape': x.shape, 'padded': xp, 'w': w, **conv_param}


def conv_backward_naive(dout, cache):
    xp, w, s, p = (cache[k] for k in ('padded', 'w', 'stride', 'pad'))
    HH, WW = w.shape[2:]
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            dw += np.einsum('nf,nchw->fchw', dout[:, :, i, j], xp[:, :, i*s:i*s+HH, j*s:j*s+WW])
            dxp[:, :, i*s:i*s+HH, j*s:j*s+WW] += np.einsum('nf,fchw->nchw', dout[:, :, i, j], w)
    H, W = cache['shape'][2:]
    return dxp[:, :, p:p+H, p:p+W], dw, dout.sum(axis=(0, 2, 3))
