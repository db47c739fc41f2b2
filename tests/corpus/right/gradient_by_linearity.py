def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    HH, WW = w.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = np.zeros((len(x), len(w), (xp.shape[2] - HH) // s + 1, (xp.shape[3] - WW) // s + 1))
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            out[:, :, i, j] = xp[:, :, i*s:i*s+HH, j*s:j*s+WW].reshape(len(x), -1) @ w.reshape(len(w), -1).T
    return out + b.reshape(1, -1, 1, 1), (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    """The layer is linear in each argument: a unit in one place gives one column of its matrix."""
    x, w, b, conv_param = cache
    zero = np.zeros(w.shape[0])
    dx, dw = np.zeros(x.shape), np.zeros(w.shape)
    for place in np.ndindex(x.shape[1:]):
        unit = np.zeros((1, *x.shape[1:]))
        unit[(0, *place)] = 1
        column, _ = conv_forward_naive(unit, w, zero, conv_param)
        dx[(slice(None), *place)] = np.tensordot(dout, column[0], axes=3)
    for place in np.ndindex(w.shape[1:]):
        unit = np.zeros((1, *w.shape[1:]))
        unit[(0, *place)] = 1
        seen, _ = conv_forward_naive(x, unit, np.zeros(1), conv_param)
        dw[(slice(None), *place)] = np.einsum('nfij,nij->f', dout, seen[:, 0])
    return dx, dw, dout.sum(axis=(0, 2, 3))
