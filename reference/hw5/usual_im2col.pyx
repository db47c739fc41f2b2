# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The usual Cython layer of such homeworks, for benchmarks: loops unfold the whole batch, NumPy multiplies.

The columns of a batch are (C * HH * WW, H' * W' * N); the convolution is one product of matrices with them.
"""

import numpy as np

ctypedef fused real:
    float
    double


def forward(real[:, :, :, ::1] x, real[:, :, :, ::1] w, real[::1] b, Py_ssize_t stride, Py_ssize_t pad):
    """The output (N, F, H', W'), and the columns."""
    cdef Py_ssize_t N = x.shape[0], F = w.shape[0]
    cdef Py_ssize_t rows = (x.shape[2] + 2 * pad - w.shape[2]) // stride + 1
    cdef Py_ssize_t width = (x.shape[3] + 2 * pad - w.shape[3]) // stride + 1
    filters = np.asarray(w).reshape(F, -1)
    columns = np.empty((filters.shape[1], rows * width * N), dtype=filters.dtype)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    unfold[real](padded, columns, w.shape[2], w.shape[3], rows, width, stride)
    out = filters @ columns + np.asarray(b)[:, None]
    return np.ascontiguousarray(out.reshape(F, rows, width, N).transpose(3, 0, 1, 2)), columns


def backward(dout, real[:, :, :, ::1] x, real[:, :, :, ::1] w, columns, Py_ssize_t stride, Py_ssize_t pad):
    """The gradients by x, w and b."""
    cdef Py_ssize_t N = x.shape[0], C = x.shape[1], H = x.shape[2], W = x.shape[3]
    filters = np.asarray(w).reshape(w.shape[0], -1)
    upstream = dout.transpose(1, 2, 3, 0).reshape(w.shape[0], -1)
    dw = (upstream @ columns.T).reshape(np.shape(w))
    padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dtype=filters.dtype)
    fold[real](filters.T @ upstream, padded, w.shape[2], w.shape[3], dout.shape[2], dout.shape[3], stride)
    return padded[:, :, pad:pad + H, pad:pad + W], dw, dout.sum(axis=(0, 2, 3))


cdef void unfold(real[:, :, :, ::1] padded, real[:, ::1] columns, Py_ssize_t HH, Py_ssize_t WW,
                 Py_ssize_t rows, Py_ssize_t width, Py_ssize_t stride) noexcept:
    cdef Py_ssize_t n, c, i, j, y, x, N = padded.shape[0]
    for c in range(padded.shape[1]):
        for i in range(HH):
            for j in range(WW):
                for y in range(rows):
                    for x in range(width):
                        for n in range(N):
                            columns[(c * HH + i) * WW + j, (y * width + x) * N + n] = (
                                padded[n, c, y * stride + i, x * stride + j])


cdef void fold(real[:, ::1] columns, real[:, :, :, ::1] padded, Py_ssize_t HH, Py_ssize_t WW,
               Py_ssize_t rows, Py_ssize_t width, Py_ssize_t stride) noexcept:
    cdef Py_ssize_t n, c, i, j, y, x, N = padded.shape[0]
    for c in range(padded.shape[1]):
        for i in range(HH):
            for j in range(WW):
                for y in range(rows):
                    for x in range(width):
                        for n in range(N):
                            padded[n, c, y * stride + i, x * stride + j] += (
                                columns[(c * HH + i) * WW + j, (y * width + x) * N + n])
