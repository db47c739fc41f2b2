PASSES = {}


def register(name):
    def add(function):
        PASSES[name] = function
        return function

    return add


def padded(x, pad):
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


# --- another cell
@register("forward")
def _forward(x, w, b, stride, pad):
    """One place of the output after the other, all images and filters at once."""
    N, _, H, W = x.shape
    F, _, HH, WW = w.shape
    rows, columns = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
    out = np.empty((N, F, rows, columns))
    image = padded(x, pad)
    for i in range(rows):
        for j in range(columns):
            field = image[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
            out[:, :, i, j] = np.tensordot(field, w, axes=((1, 2, 3), (1, 2, 3))) + b
    return out


@register("backward")
def _backward(dout, x, w, stride, pad):
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    image = padded(x, pad)
    dimage, dw = np.zeros(image.shape), np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            here = np.s_[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
            dw += np.tensordot(dout[:, :, i, j], image[here], axes=(0, 0))
            dimage[here] += np.tensordot(dout[:, :, i, j], w, axes=(1, 0))
    return dimage[:, :, pad:pad + H, pad:pad + W], dw, dout.sum(axis=(0, 2, 3))


# --- another cell
def conv_forward_naive(x, w, b, conv_param):
    out = PASSES["forward"](x, w, b, conv_param["stride"], conv_param["pad"])
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    return PASSES["backward"](dout, x, w, conv_param["stride"], conv_param["pad"])
