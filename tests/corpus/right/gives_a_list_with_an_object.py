class Saved:
    def __init__(self, **parts):
        self.__dict__.update(parts)


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((len(x), len(w), (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1))
    for i, j in np.ndindex(out.shape[2:]):
        out[:, :, i, j] = np.einsum('nchw,fchw->nf', xp[:, :, i*s:i*s+HH, j*s:j*s+WW], w) + b
    return [out, Saved(x=x, xp=xp, w=w, s=s, p=p)]


def conv_backward_naive(dout, cache):
    w, s, p = cache.w, cache.s, cache.p
    HH, WW = w.shape[2:]
    dxp, dw = np.zeros(cache.xp.shape), np.zeros(w.shape)
    for i, j in np.ndindex(dout.shape[2:]):
        box = np.s_[:, :, i*s:i*s+HH, j*s:j*s+WW]
        dw += np.einsum('nf,nchw->fchw', dout[:, :, i, j], cache.xp[box])
        dxp[box] += np.einsum('nf,fchw->nchw', dout[:, :, i, j], w)
    return dxp[:, :, p:p + cache.x.shape[2], p:p + cache.x.shape[3]], dw, dout.sum(axis=(0, 2, 3))
