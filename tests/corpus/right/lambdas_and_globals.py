pad_image = lambda a, p: np.pad(a, ((0, 0), (0, 0), (p, p), (p, p)))
out_size = lambda n, k, s, p: 1 + (n + 2 * p - k) // s
AXES = (1, 2, 3)


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = pad_image(x, p)
    field = lambda i, j: xp[:, :, i * s:i * s + HH, j * s:j * s + WW]
    at = lambda i, j: np.stack([(field(i, j) * k).sum(AXES) for k in w], axis=1) + b
    out = np.zeros((len(x), len(w), out_size(x.shape[2], HH, s, p), out_size(x.shape[3], WW, s, p)))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[..., i, j] = at(i, j)
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = pad_image(x, p)
    dxp, dw = 0 * xp, 0 * w
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            box = np.s_[:, :, i * s:i * s + HH, j * s:j * s + WW]
            dw += dout[..., i, j].T.dot(xp[box].reshape(len(x), -1)).reshape(w.shape)
            dxp[box] += dout[..., i, j].dot(w.reshape(len(w), -1)).reshape(xp[box].shape)
    return dxp[:, :, p:p + x.shape[2], p:p + x.shape[3]], dw, dout.sum(AXES[1:]).sum(0)
