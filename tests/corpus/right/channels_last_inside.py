def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    img = np.moveaxis(np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))), 1, -1)
    ker = np.transpose(w, (2, 3, 1, 0))
    Ho, Wo = (img.shape[1] - ker.shape[0]) // s + 1, (img.shape[2] - ker.shape[1]) // s + 1
    out = np.zeros((len(x), Ho, Wo, len(w)))
    for i in range(Ho):
        for j in range(Wo):
            patch = img[:, i*s:i*s+ker.shape[0], j*s:j*s+ker.shape[1], :]
            out[:, i, j] = np.tensordot(patch, ker, axes=3) + b
    return np.moveaxis(out, -1, 1), (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    img = np.moveaxis(np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))), 1, -1)
    ker = np.transpose(w, (2, 3, 1, 0))
    grad = np.moveaxis(dout, 1, -1)
    dimg, dker = np.zeros_like(img), np.zeros_like(ker)
    for i in range(grad.shape[1]):
        for j in range(grad.shape[2]):
            box = np.s_[:, i*s:i*s+ker.shape[0], j*s:j*s+ker.shape[1], :]
            dimg[box] += np.tensordot(grad[:, i, j], ker, axes=(1, 3))
            dker += np.tensordot(img[box], grad[:, i, j], axes=(0, 0))
    dx = np.moveaxis(dimg[:, p:p + x.shape[2], p:p + x.shape[3]], -1, 1)
    return dx, np.transpose(dker, (3, 2, 0, 1)), grad.sum(axis=(0, 1, 2))
