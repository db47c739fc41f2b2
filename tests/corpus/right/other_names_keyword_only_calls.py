def pad4(images, *, border):
    return np.pad(array=images, pad_width=((0, 0), (0, 0), (border, border), (border, border)),
                  mode='constant', constant_values=0)


def conv_forward_naive(images, filters, bias, options={}):
    step, border = options.get('stride', 1), options.get('pad', 0)
    padded = pad4(images, border=border)
    kh, kw = filters.shape[-2:]
    rows = (padded.shape[2] - kh) // step + 1
    cols = (padded.shape[3] - kw) // step + 1
    result = np.full(shape=(images.shape[0], filters.shape[0], rows, cols), fill_value=0.0)
    for r in range(rows):
        for c in range(cols):
            patch = padded[:, :, r * step:r * step + kh, c * step:c * step + kw]
            result[:, :, r, c] = np.tensordot(a=patch, b=filters, axes=((1, 2, 3), (1, 2, 3)))
    result += bias[np.newaxis, :, np.newaxis, np.newaxis]
    return result, (images, filters, bias, options)


def conv_backward_naive(upstream, saved):
    images, filters, bias, options = saved
    step, border = options.get('stride', 1), options.get('pad', 0)
    padded = pad4(images, border=border)
    kh, kw = filters.shape[-2:]
    d_padded, d_filters = np.zeros(shape=padded.shape), np.zeros(shape=filters.shape)
    for r in range(upstream.shape[2]):
        for c in range(upstream.shape[3]):
            here = upstream[:, :, r, c]
            box = np.s_[:, :, r * step:r * step + kh, c * step:c * step + kw]
            d_padded[box] += np.tensordot(a=here, b=filters, axes=((1,), (0,)))
            d_filters += np.tensordot(a=here, b=padded[box], axes=((0,), (0,)))
    d_images = d_padded[:, :, border:border + images.shape[2], border:border + images.shape[3]]
    return d_images, d_filters, upstream.sum(axis=(0, 2, 3))
