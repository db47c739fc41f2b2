import scipy.signal


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.stack([
        np.stack([scipy.signal.fftconvolve(image, kernel[::-1, ::-1, ::-1], mode='valid')[0, ::s, ::s]
                  for kernel in w])
        for image in xp])
    return out + b[None, :, None, None], (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dense = np.zeros((*dout.shape[:2], xp.shape[2] - HH + 1, xp.shape[3] - WW + 1))
    dense[:, :, ::s, ::s] = dout
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    for n, f in np.ndindex(*dout.shape[:2]):
        dxp[n] += scipy.signal.fftconvolve(dense[n, f][None], w[f], mode='full')
        dw[f] += scipy.signal.fftconvolve(xp[n], dense[n, f][None, ::-1, ::-1], mode='valid')
    return dxp[:, :, p:p + H, p:p + W], dw, dout.sum(axis=(0, 2, 3))
