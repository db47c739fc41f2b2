def columns_of(xp, HH, WW, s, Ho, Wo):
    N, C = xp.shape[:2]
    columns = np.zeros((N, Ho * Wo, C * HH * WW))
    for i in range(Ho):
        for j in range(Wo):
            columns[:, i * Wo + j] = xp[:, :, i * s:i * s + HH, j * s:j * s + WW].reshape(N, -1)
    return columns


def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho = 1 + (H + 2 * p - HH) // s
    Wo = 1 + (W + 2 * p - WW) // s
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = columns_of(xp, HH, WW, s, Ho, Wo) @ w.reshape(F, -1).T + b
    out = out.transpose(0, 2, 1).reshape(N, F, Ho, Wo)
    return out, (x, w, b, conv_param)


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    step, border = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (border, border), (border, border)))
    Ho, Wo = dout.shape[2:]
    flat = dout.reshape(N, F, -1)
    columns = columns_of(padded, HH, WW, step, Ho, Wo)
    dw = np.einsum('nfk,nkc->fc', flat, columns).reshape(w.shape)
    spread = (flat.transpose(0, 2, 1) @ w.reshape(F, -1)).reshape(N, Ho, Wo, C, HH, WW)
    dxp = np.zeros(padded.shape)
    for i in range(Ho):
        for j in range(Wo):
            dxp[:, :, i * step:i * step + HH, j * step:j * step + WW] += spread[:, i, j]
    db = dout.sum(axis=(0, 2, 3))
    dx = dxp[:, :, border:border + H, border:border + W]
    return dx, dw, db
