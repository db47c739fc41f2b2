# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The fast layers, compiled: convolution, max pooling, and the two fused with ReLU.

Arrays are C-contiguous and all of one type, float32 or float64. `HW5_code.fast_layers` checks the
arguments and says what is wrong with them in a student's words. The functions here check only what
keeps them inside their arrays, so that no argument whatever reads or writes outside.

An image is unfolded into columns (one for every output pixel, the receptive field from top to
bottom), so that a convolution is one product of matrices for each image, which BLAS computes. Images
are taken in chunks whose columns stay in the processor's cache.

Symbols: N images, C channels, H x W pixels, F filters of HH x WW, P output pixels of an image.
"""

from cython cimport floating
from libc.string cimport memcpy, memset

import numpy as np

INTERFACE = 1  # raised with every change that an older `fast_layers` would not understand

cdef Py_ssize_t CHUNK_BYTES = 1 << 20
cdef Py_ssize_t LARGEST = 1 << 31  # of a stride or a pad: sums of such sizes don't overflow


cdef struct Geometry:
    # One convolution's sizes, in pixels.
    Py_ssize_t channels, height, width, field_height, field_width, rows, columns, stride, pad


# --- unfolding and folding ---------------------------------------------------------------------


cdef inline Py_ssize_t _first(Py_ssize_t offset, Py_ssize_t stride) noexcept nogil:
    """The first place i with i * stride + offset >= 0."""
    return 0 if offset >= 0 else (stride - 1 - offset) // stride


cdef inline Py_ssize_t _last(
    Py_ssize_t offset, Py_ssize_t stride, Py_ssize_t size, Py_ssize_t places
) noexcept nogil:
    """One more than the last of `places` places i with i * stride + offset < size."""
    if offset >= size:
        return 0
    return min(places, 1 + (size - 1 - offset) // stride)


cdef void _unfold_row(
    floating* target, const floating* row, Py_ssize_t offset, Geometry g
) noexcept nogil:
    """What one tap sees along a row of the image: zeros where it looks over the edge."""
    cdef Py_ssize_t begin = min(_first(offset, g.stride), g.columns)
    cdef Py_ssize_t end = max(begin, _last(offset, g.stride, g.width, g.columns))
    cdef Py_ssize_t i
    memset(target, 0, begin * sizeof(floating))
    if g.stride == 1:
        memcpy(target + begin, row + offset + begin, (end - begin) * sizeof(floating))
    else:
        for i in range(begin, end):
            target[i] = row[i * g.stride + offset]
    memset(target + end, 0, (g.columns - end) * sizeof(floating))


cdef void _unfold(floating* columns, const floating* image, Geometry g) noexcept nogil:
    """Unfold an image (C, H, W) into columns (C * HH * WW, P)."""
    cdef Py_ssize_t c, i, j, row, y
    for c in range(g.channels):
        for i in range(g.field_height):
            for j in range(g.field_width):
                for row in range(g.rows):
                    y = row * g.stride + i - g.pad
                    if 0 <= y < g.height:
                        _unfold_row(columns, image + (c * g.height + y) * g.width, j - g.pad, g)
                    else:
                        memset(columns, 0, g.columns * sizeof(floating))
                    columns += g.columns


cdef void _fold_row(
    floating* row, const floating* values, Py_ssize_t offset, Geometry g
) noexcept nogil:
    """Add to a row of the image what one tap's gradients say; what is over the edge is dropped."""
    cdef Py_ssize_t begin = _first(offset, g.stride)
    cdef Py_ssize_t end = _last(offset, g.stride, g.width, g.columns)
    cdef Py_ssize_t i
    if g.stride == 1:
        for i in range(begin, end):
            row[i + offset] += values[i]
    else:
        for i in range(begin, end):
            row[i * g.stride + offset] += values[i]


cdef void _fold(floating* image, const floating* columns, Geometry g) noexcept nogil:
    """Add columns (C * HH * WW, P) to an image (C, H, W)."""
    cdef Py_ssize_t c, i, j, row, y
    for c in range(g.channels):
        for i in range(g.field_height):
            for j in range(g.field_width):
                for row in range(g.rows):
                    y = row * g.stride + i - g.pad
                    if 0 <= y < g.height:
                        _fold_row(image + (c * g.height + y) * g.width, columns, j - g.pad, g)
                    columns += g.columns


cdef int _unfold_images(
    floating[:, :, ::1] columns, const floating[:, :, :, ::1] x, Geometry g
) except -1:
    """Unfold as many images as there are."""
    cdef Py_ssize_t n
    if columns.shape[1] == 0 or columns.shape[2] == 0 or g.height == 0 or g.width == 0:
        return 0
    with nogil:
        for n in range(x.shape[0]):
            _unfold(&columns[n, 0, 0], &x[n, 0, 0, 0], g)
    return 0


cdef int _fold_images(
    floating[:, :, :, ::1] x, const floating[:, :, ::1] columns, Geometry g
) except -1:
    """Fold as many images as there are; they start from what they hold."""
    cdef Py_ssize_t n
    if columns.shape[1] == 0 or columns.shape[2] == 0 or g.height == 0 or g.width == 0:
        return 0
    with nogil:
        for n in range(x.shape[0]):
            _fold(&x[n, 0, 0, 0], &columns[n, 0, 0], g)
    return 0


# --- convolution -------------------------------------------------------------------------------


cdef Geometry _geometry(x, w, stride, pad) except *:
    """The sizes of a convolution, after making sure that they are possible."""
    cdef Geometry g
    _require(x.ndim == 4 and w.ndim == 4 and x.shape[1] == w.shape[1], "x (N, C, H, W), w (F, C, HH, WW)")
    _require(1 <= stride <= LARGEST and 0 <= pad <= LARGEST, "a stride of 1 or more and a pad of 0 or more")
    _, g.channels, g.height, g.width = x.shape
    _, _, g.field_height, g.field_width = w.shape
    g.stride, g.pad = stride, pad
    _require(g.field_height >= 1 and g.field_width >= 1, "a filter with at least one pixel")
    _require(g.height + 2 * g.pad >= g.field_height, "a filter no higher than the padded image")
    _require(g.width + 2 * g.pad >= g.field_width, "a filter no wider than the padded image")
    g.rows = 1 + (g.height + 2 * g.pad - g.field_height) // g.stride
    g.columns = 1 + (g.width + 2 * g.pad - g.field_width) // g.stride
    return g


def _require(condition, wanted):
    if not condition:
        raise ValueError(f"fastconv: wanted {wanted}")


def _require_like(reference, *arrays):
    """All of one type, and contiguous: what a typed view can't say of arrays of any dimension."""
    _require(reference.dtype in (np.float32, np.float64), "float32 or float64")
    for array in (reference, *arrays):
        _require(array.dtype == reference.dtype, "arrays of one type")
        _require(array.flags.c_contiguous, "contiguous arrays")


def _chunks(images, column_bytes):
    """Slices over the images, of as many at a time as unfold into CHUNK_BYTES."""
    step = max(1, CHUNK_BYTES // max(1, column_bytes))
    return [slice(first, min(first + step, images)) for first in range(0, images, step)]


def _scratch(x, w, Geometry g):
    """The slices over the images, and room for the columns of the largest of them."""
    field, places = g.channels * g.field_height * g.field_width, g.rows * g.columns
    parts = _chunks(len(x), field * places * x.itemsize)
    images = parts[0].stop if parts else 0
    return parts, np.empty((images, field, places), dtype=x.dtype)


def conv_forward(x, w, b, stride, pad):
    """Convolve x (N, C, H, W) with w (F, C, HH, WW), add b (F,): gives (N, F, H', W')."""
    cdef Geometry g = _geometry(x, w, stride, pad)
    _require_like(x, w, b)
    _require(b.shape == (len(w),), "b (F,)")
    out = np.empty((len(x), len(w), g.rows, g.columns), dtype=x.dtype)
    flat = out.reshape(len(x), len(w), g.rows * g.columns)
    parts, columns = _scratch(x, w, g)
    for part in parts:
        _convolve(flat[part], x[part], w, columns, g)
        flat[part] += b[:, None]
    return out


cdef _convolve(out, x, w, columns, Geometry g):
    """The product of the filters (F, C * HH * WW) and the columns of some images; no bias yet."""
    columns = columns[: len(x)]
    if x.dtype == np.float32:
        _unfold_images[float](columns, x, g)
    else:
        _unfold_images[double](columns, x, g)
    np.matmul(w.reshape(len(w), columns.shape[1]), columns, out=out)


def conv_backward(dout, x, w, stride, pad, need_dx=True):
    """Gradients by x (None unless `need_dx`), w and b, from dout (N, F, H', W')."""
    cdef Geometry g = _geometry(x, w, stride, pad)
    _require_like(x, w, dout)
    _require(dout.shape == (len(x), len(w), g.rows, g.columns), "dout (N, F, H', W')")
    upstream = dout.reshape(len(x), len(w), g.rows * g.columns)
    dx, dw = np.zeros_like(x) if need_dx else None, np.zeros_like(w)
    parts, columns = _scratch(x, w, g)
    for part in parts:
        _add_gradients(dx, dw, upstream[part], x, w, part, columns, g)
    return dx, dw, upstream.sum(axis=(0, 2))


cdef _add_gradients(dx, dw, dout, x, w, part, columns, Geometry g):
    """Add what some images contribute to dw, and write their part of dx (which starts at zero)."""
    columns = columns[: len(dout)]
    if x.dtype == np.float32:
        _unfold_images[float](columns, x[part], g)
    else:
        _unfold_images[double](columns, x[part], g)
    filters = w.reshape(len(w), columns.shape[1])
    dw += np.matmul(dout, columns.swapaxes(1, 2)).sum(axis=0).reshape(w.shape)
    if dx is None:
        return
    np.matmul(filters.T, dout, out=columns)
    if x.dtype == np.float32:
        _fold_images[float](dx[part], columns, g)
    else:
        _fold_images[double](dx[part], columns, g)


# --- max pooling -------------------------------------------------------------------------------


cdef struct Windows:
    # Pooling's sizes, in pixels.
    Py_ssize_t height, width, rows, columns, stride, image_height, image_width


cdef Windows _windows(shape, height, width, stride) except *:
    """The sizes of a pooling, after making sure that they are possible."""
    cdef Windows p
    _require(len(shape) == 4, "images (N, C, H, W)")
    p.image_height, p.image_width = shape[2], shape[3]
    p.height, p.width, p.stride = height, width, stride
    _require(1 <= stride <= LARGEST and height >= 1 and width >= 1, "windows and a stride of a pixel or more")
    _require(p.height <= p.image_height and p.width <= p.image_width, "windows that fit into the image")
    p.rows = 1 + (p.image_height - p.height) // p.stride
    p.columns = 1 + (p.image_width - p.width) // p.stride
    return p


cdef void _larger_row(
    floating* best, int* winner, const floating* row, int tap, Py_ssize_t stride, Py_ssize_t places
) noexcept nogil:
    """Take what one tap sees where it is larger, as np.max would: NaN is larger than any number."""
    cdef Py_ssize_t i
    cdef floating value
    cdef bint larger
    for i in range(places):
        value = row[i * stride]
        larger = (value > best[i]) | ((value != value) & (best[i] == best[i]))
        best[i] = value if larger else best[i]
        winner[i] = tap if larger else winner[i]


cdef void _pool_plane(
    floating* out, int* winner, const floating* plane, Windows p
) noexcept nogil:
    """Pool one channel of one image."""
    cdef Py_ssize_t row, i, j, column
    cdef const floating* corner
    for row in range(p.rows):
        corner = plane + row * p.stride * p.image_width
        for column in range(p.columns):
            out[column] = corner[column * p.stride]
            winner[column] = 0
        for i in range(p.height):
            for j in range(p.width):
                if i + j > 0:
                    _larger_row(
                        out, winner, corner + i * p.image_width + j, <int>(i * p.width + j), p.stride, p.columns
                    )
        out += p.columns
        winner += p.columns


cdef void _rectify(floating* out, int* winner, Py_ssize_t size) noexcept nogil:
    """Apply ReLU to pooled values; the winner of a window that it closes is -1. NaN stays NaN."""
    cdef Py_ssize_t i
    for i in range(size):
        winner[i] = winner[i] if out[i] > 0 else -1
        out[i] = 0 if out[i] <= 0 else out[i]


cdef bint _spread_plane(
    floating* dx, const floating* dout, const int* winner, Windows p
) noexcept nogil:
    """Add every window's gradient to its winner; False if a winner lies in no window."""
    cdef Py_ssize_t row, column
    cdef Py_ssize_t taps = p.height * p.width
    cdef int tap
    for row in range(p.rows):
        for column in range(p.columns):
            tap = winner[row * p.columns + column]
            if tap < 0:
                continue
            if tap >= taps:
                return False
            dx[
                (row * p.stride + tap // p.width) * p.image_width + column * p.stride + tap % p.width
            ] += dout[row * p.columns + column]
    return True


cdef int _pool(
    floating[:, :, :, ::1] out, int[:, :, :, ::1] winner, const floating[:, :, :, ::1] x, bint rectify, Windows p
) except -1:
    """Pool every channel of every image, with ReLU where asked."""
    cdef Py_ssize_t n, c
    with nogil:
        for n in range(x.shape[0]):
            for c in range(x.shape[1]):
                _pool_plane(&out[n, c, 0, 0], &winner[n, c, 0, 0], &x[n, c, 0, 0], p)
                if rectify:
                    _rectify(&out[n, c, 0, 0], &winner[n, c, 0, 0], p.rows * p.columns)
    return 0


cdef int _spread(
    floating[:, :, :, ::1] dx, const floating[:, :, :, ::1] dout, const int[:, :, :, ::1] winner, Windows p
) except -1:
    """Undo `_pool` for gradients; dx starts at zero."""
    cdef Py_ssize_t n, c
    cdef bint inside = True
    with nogil:
        for n in range(dx.shape[0]):
            for c in range(dx.shape[1]):
                inside = inside & _spread_plane(&dx[n, c, 0, 0], &dout[n, c, 0, 0], &winner[n, c, 0, 0], p)
    _require(inside, "winners that lie inside their windows")
    return 0


def max_pool_forward(x, height, width, stride):
    """The largest entry of every window, and its place in the window (row by row, int32)."""
    cdef Windows p = _windows(x.shape, height, width, stride)
    _require_like(x)
    out = np.empty((*x.shape[:2], p.rows, p.columns), dtype=x.dtype)
    winner = np.empty(out.shape, dtype=np.intc)
    if x.dtype == np.float32:
        _pool[float](out, winner, x, False, p)
    else:
        _pool[double](out, winner, x, False, p)
    return out, winner


def max_pool_backward(dout, winner, shape, height, width, stride):
    """Give every window's gradient to the window's winner; `shape` is (N, C, H, W)."""
    cdef Windows p = _windows(shape, height, width, stride)
    _require_winners(dout, winner, (shape[0], shape[1], p.rows, p.columns))
    dx = np.zeros(shape, dtype=dout.dtype)
    _spread_images(dx, dout, winner, p)
    return dx


def _require_winners(dout, winner, shape):
    _require_like(dout)
    _require(dout.shape == shape and winner.shape == shape, "dout and winner (N, C, H', W')")
    _require(winner.dtype == np.intc and winner.flags.c_contiguous, "a contiguous int32 winner")


cdef _spread_images(dx, dout, winner, Windows p):
    if dx.dtype == np.float32:
        _spread[float](dx, dout, winner, p)
    else:
        _spread[double](dx, dout, winner, p)


# --- convolution, ReLU and max pooling in one ----------------------------------------------------
# The convolution's output is four times the size of the pooled one: it lives only for a chunk.


def conv_relu_pool_forward(x, w, b, stride, pad, height, width, pool_stride):
    """Convolution, ReLU and max pooling; the winner is -1 where ReLU lets no gradient through."""
    cdef Geometry g = _geometry(x, w, stride, pad)
    cdef Windows p = _windows((len(x), len(w), g.rows, g.columns), height, width, pool_stride)
    _require_like(x, w, b)
    _require(b.shape == (len(w),), "b (F,)")
    out = np.empty((len(x), len(w), p.rows, p.columns), dtype=x.dtype)
    winner = np.empty(out.shape, dtype=np.intc)
    parts, columns = _scratch(x, w, g)
    conv = np.empty((len(columns), len(w), g.rows * g.columns), dtype=x.dtype)
    for part in parts:
        chunk = conv[: part.stop - part.start]
        _convolve(chunk, x[part], w, columns, g)
        chunk += b[:, None]
        _pool_rectified(out[part], winner[part], chunk.reshape(-1, len(w), g.rows, g.columns), p)
    return out, winner


cdef _pool_rectified(out, winner, conv, Windows p):
    if out.dtype == np.float32:
        _pool[float](out, winner, conv, True, p)
    else:
        _pool[double](out, winner, conv, True, p)


def conv_relu_pool_backward(dout, winner, x, w, stride, pad, height, width, pool_stride, need_dx=True):
    """Gradients by x (None unless `need_dx`), w and b, of `conv_relu_pool_forward`."""
    cdef Geometry g = _geometry(x, w, stride, pad)
    cdef Windows p = _windows((len(x), len(w), g.rows, g.columns), height, width, pool_stride)
    _require_like(x, w, dout)
    _require_winners(dout, winner, (len(x), len(w), p.rows, p.columns))
    dx, dw, db = np.zeros_like(x) if need_dx else None, np.zeros_like(w), np.zeros(len(w), dtype=w.dtype)
    parts, columns = _scratch(x, w, g)
    conv = np.empty((len(columns), len(w), g.rows, g.columns), dtype=x.dtype)
    for part in parts:
        chunk = conv[: part.stop - part.start]
        chunk[...] = 0
        _spread_images(chunk, dout[part], winner[part], p)
        chunk = chunk.reshape(-1, len(w), g.rows * g.columns)
        _add_gradients(dx, dw, chunk, x, w, part, columns, g)
        db += chunk.sum(axis=(0, 2))
    return dx, dw, db
