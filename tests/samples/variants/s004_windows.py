def fields(x, HH, WW, stride):
    # a view of every receptive field: (N, C, H', W', HH, WW), no copy
    view = np.lib.stride_tricks.sliding_window_view(x, (HH, WW), axis=(2, 3))
    return view[:, :, ::stride, ::stride]


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param['stride'], conv_param['pad']
    padded = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    out = np.tensordot(fields(padded, *w.shape[2:], stride), w, axes=([1, 4, 5], [1, 2, 3]))
    out = out.transpose(0, 3, 1, 2) + b[None, :, None, None]
    return out, dict(padded=padded, w=w, stride=stride, pad=pad, shape=x.shape)


def conv_backward_naive(dout, cache):
    padded, w, stride, pad = (cache[k] for k in ('padded', 'w', 'stride', 'pad'))
    N, C, H, W = cache['shape']
    HH, WW = w.shape[2:]
    dw = np.tensordot(dout, fields(padded, HH, WW, stride), axes=([0, 2, 3], [0, 2, 3]))
    # a full convolution with the rotated filter: zeros between the gradients undo the stride
    spread = np.zeros(dout.shape[:2] + (padded.shape[2] + HH - 1, padded.shape[3] + WW - 1))
    spread[:, :, HH - 1:HH - 1 + stride * dout.shape[2]:stride,
           WW - 1:WW - 1 + stride * dout.shape[3]:stride] = dout
    rotated = w[:, :, ::-1, ::-1]
    dpadded = np.tensordot(fields(spread, HH, WW, 1), rotated, axes=([1, 4, 5], [0, 2, 3]))
    dpadded = dpadded.transpose(0, 3, 1, 2)
    return dpadded[:, :, pad:pad + H, pad:pad + W], dw, dout.sum((0, 2, 3))
