def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    conv_param['H_out'] = (xp.shape[2] - HH) // s + 1
    conv_param['W_out'] = (xp.shape[3] - WW) // s + 1
    out = np.zeros((len(x), len(w), conv_param['H_out'], conv_param['W_out']))
    for i, j in np.ndindex(out.shape[2:]):
        out[:, :, i, j] = np.einsum('nchw,fchw->nf', xp[:, :, i*s:i*s+HH, j*s:j*s+WW], w) + b
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for i in range(conv_param['H_out']):
        for j in range(conv_param['W_out']):
            box = np.s_[:, :, i*s:i*s+HH, j*s:j*s+WW]
            dw += np.einsum('nf,nchw->fchw', dout[:, :, i, j], xp[box])
            dxp[box] += np.einsum('nf,fchw->nchw', dout[:, :, i, j], w)
    return dxp[:, :, p:p + x.shape[2], p:p + x.shape[3]], dw, dout.sum(axis=(0, 2, 3))
