def conv_forward_naive(x, w, b, conv_param):
    s, p = conv_param['stride'], conv_param['pad']
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho, Wo = 1 + (H + 2 * p - HH) // s, 1 + (W + 2 * p - WW) // s
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    columns = [xp[:, :, i*s:i*s+HH, j*s:j*s+WW].reshape(N, -1).T for i in range(Ho) for j in range(Wo)]
    w_row, b_col = w.reshape(F, -1), b.reshape(F, 1)
    out = np.stack([w_row @ column + b_col for column in columns], axis=-1)
    return out.transpose(1, 0, 2).reshape(N, F, Ho, Wo), (columns, w_row, b_col, x.shape, w.shape, conv_param)


def conv_backward_naive(dout, cache):
    columns, w_row, b_col, (N, C, H, W), w_shape, conv_param = cache
    s, p = conv_param['stride'], conv_param['pad']
    _, _, HH, WW = w_shape
    flat = dout.reshape(*dout.shape[:2], -1)
    dw = sum(flat[:, :, k].T @ column.T for k, column in enumerate(columns)).reshape(w_shape)
    dxp = np.zeros((N, C, H + 2 * p, W + 2 * p))
    for k in range(len(columns)):
        i, j = divmod(k, dout.shape[3])
        dxp[:, :, i*s:i*s+HH, j*s:j*s+WW] += (flat[:, :, k] @ w_row).reshape(N, C, HH, WW)
    return dxp[:, :, p:p + H, p:p + W], dw, flat.sum(axis=(0, 2))
