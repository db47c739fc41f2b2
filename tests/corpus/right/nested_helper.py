def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']

    def one(image, kernel, bias):
        """One image, one filter."""
        image = np.pad(image, ((0, 0), (p, p), (p, p)))
        rows = range(0, image.shape[1] - kernel.shape[1] + 1, s)
        cols = range(0, image.shape[2] - kernel.shape[2] + 1, s)
        return [[(image[:, r:r + kernel.shape[1], c:c + kernel.shape[2]] * kernel).sum() + bias for c in cols]
                for r in rows]

    out = np.array([[one(image, kernel, bias) for kernel, bias in zip(w, b)] for image in x])
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    H, W = x.shape[2:]

    def spread(image, kernel, grad):
        padded = np.pad(image, ((0, 0), (p, p), (p, p)))
        back, dk = np.zeros_like(padded), np.zeros_like(kernel)
        for (i, j), g in np.ndenumerate(grad):
            box = np.s_[:, i * s:i * s + kernel.shape[1], j * s:j * s + kernel.shape[2]]
            back[box] += g * kernel
            dk += g * padded[box]
        return back[:, p:p + H, p:p + W], dk

    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for n, image in enumerate(x):
        for f, kernel in enumerate(w):
            a, k = spread(image, kernel, dout[n, f])
            dx[n] += a
            dw[f] += k
    return dx, dw, np.array([dout[:, f].sum() for f in range(len(w))])
