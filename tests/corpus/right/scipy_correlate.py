from scipy.signal import convolve2d, correlate2d


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = [[sum(correlate2d(xp[n, c], w[f, c], mode='valid') for c in range(x.shape[1]))[::s, ::s] + b[f]
            for f in range(w.shape[0])] for n in range(x.shape[0])]
    return np.array(out), (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    for n in range(N):
        for f in range(F):
            dense = np.zeros((xp.shape[2] - HH + 1, xp.shape[3] - WW + 1))
            dense[::s, ::s] = dout[n, f]
            for c in range(C):
                dxp[n, c] += convolve2d(dense, w[f, c], mode='full')
                dw[f, c] += correlate2d(xp[n, c], dense, mode='valid')
    return dxp[:, :, p:p + H, p:p + W], dw, dout.sum(axis=(0, 2, 3))
