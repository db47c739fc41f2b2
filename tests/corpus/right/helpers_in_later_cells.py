def conv_forward_naive(x, w, b, conv_param):
    out = _correlate(x, w, **conv_param) + b[:, None, None]
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    return _to_images(dout, x, w, **conv_param), _to_filters(dout, x, w, **conv_param), dout.sum(AXES)
# --- another cell
AXES = (0, 2, 3)


def _places(dout_shape, w, stride):
    for i in range(dout_shape[2]):
        for j in range(dout_shape[3]):
            yield i, j, np.s_[:, :, i * stride:i * stride + w.shape[2], j * stride:j * stride + w.shape[3]]


def _border(x, pad):
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def _correlate(x, w, stride, pad):
    xp = _border(x, pad)
    shape = (len(x), len(w), *((n - k) // stride + 1 for n, k in zip(xp.shape[2:], w.shape[2:])))
    out = np.zeros(shape)
    for i, j, box in _places(shape, w, stride):
        out[:, :, i, j] = np.einsum('nchw,fchw->nf', xp[box], w)
    return out
# --- another cell
def _to_images(dout, x, w, stride, pad):
    dxp = np.zeros_like(_border(x, pad))
    for i, j, box in _places(dout.shape, w, stride):
        dxp[box] += np.einsum('nf,fchw->nchw', dout[:, :, i, j], w)
    return dxp[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]]


def _to_filters(dout, x, w, stride, pad):
    xp = _border(x, pad)
    return sum(np.einsum('nf,nchw->fchw', dout[:, :, i, j], xp[box]) for i, j, box in _places(dout.shape, w, stride))
