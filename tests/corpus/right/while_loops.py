def conv_forward_naive(x, w, b, conv_param):
    stride = conv_param["stride"]; pad = conv_param["pad"]
    N, C, H, W = x.shape; F, C, HH, WW = w.shape
    xp = np.zeros((N, C, H + 2*pad, W + 2*pad)); xp[:, :, pad:H+pad, pad:W+pad] = x
    OH = 1 + (H + 2*pad - HH)//stride; OW = 1 + (W + 2*pad - WW)//stride
    out = np.zeros((N, F, OH, OW))
    n = 0
    while n < N:
        r = 0
        while r < OH:
            c = 0
            while c < OW:
                f = 0
                while f < F:
                    patch = xp[n][:, r*stride:r*stride+HH, c*stride:c*stride+WW]
                    out[n][f][r][c] = np.dot(patch.flatten(), w[f].flatten()) + b[f]
                    f += 1
                c += 1
            r += 1
        n += 1
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride = conv_param["stride"]; pad = conv_param["pad"]
    N, C, H, W = x.shape; F, C, HH, WW = w.shape
    dx = np.zeros_like(x); dw = np.zeros_like(w); db = np.zeros_like(b)
    for n in range(N):
        r = 0
        while r < dout.shape[2]:
            c = 0
            while c < dout.shape[3]:
                for f in range(F):
                    db[f] += dout[n, f, r, c]
                    for k in range(HH):
                        for l in range(WW):
                            i, j = r*stride + k - pad, c*stride + l - pad
                            if i < 0 or j < 0 or i >= H or j >= W:
                                continue
                            dw[f, :, k, l] += x[n, :, i, j] * dout[n, f, r, c]
                            dx[n, :, i, j] += w[f, :, k, l] * dout[n, f, r, c]
                c += 1
            r += 1
    return dx, dw, db
