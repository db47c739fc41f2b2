# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The fast layers, compiled: convolution, max pooling, fully connected layers, and Adam.

The head of `fastconv_kernels.h` explains the kernels and how they see an image. This module checks their
arguments and makes their results. `HW5_code.fast_layers` explains wrong arguments in a student's words; the
checks here only keep the kernels inside their arrays, whatever the arguments. Arrays are C-contiguous and all
of one type, float32 or float64.

FASTCONV_THREADS in the environment, else OMP_NUM_THREADS, sets the number of threads (`set_num_threads`
changes it later). FASTCONV_INSTRUCTION_SET chooses one of `INSTRUCTION_SETS` instead of the best one. Results
are the same bit for bit for every number of threads, but not for every instruction set, since sums are rounded
in another order.
"""

from cython cimport floating
from libcpp cimport bool as cbool

import os
from operator import index

import numpy as np

INTERFACE = 2  # raised with every change that an older `fast_layers` would not understand

cdef long LARGEST = 1 << 31  # stride or pad: sums of such sizes don't overflow
cdef int MOST_THREADS_BY_DEFAULT = 16


cdef extern from "fastconv_threads.h" namespace "fastconv" nogil:
    int count_threads "fastconv::num_threads"()
    void want_threads "fastconv::set_num_threads"(int threads)


cdef extern from "fastconv_kernels.h" namespace "fastconv" nogil:
    struct Convolution:
        long images, channels, height, width, filters, field_height, field_width, stride, pad, rows, columns

    cdef cppclass Pooling:
        long planes, height, width, window_height, window_width, stride, rows, columns
        cbool narrow()

    struct Affine:
        long examples, inputs, outputs

    struct Adam:
        double step_size, beta1, beta2, epsilon, correction

    cdef cppclass Kernels[real]:
        void conv_forward(
            const Convolution&, const real* x, const real* w, const real* b, real* out
        ) except +
        void conv_backward(
            const Convolution&, const real* dout, const real* x, const real* w, real* dx, real* dw, real* db
        ) except +
        void pool_forward(const Pooling&, const real* x, real* out, void* winner) except +
        void pool_backward(const Pooling&, const real* dout, const void* winner, real* dx) except +
        void conv_relu_pool_forward(
            const Convolution&, const Pooling&, const real* x, const real* w, const real* b, real* out,
            void* winner
        ) except +
        void conv_relu_pool_backward(
            const Convolution&, const Pooling&, const real* dout, const void* winner, const real* x,
            const real* w, real* dx, real* dw, real* db
        ) except +
        void affine_forward(
            const Affine&, const real* x, const real* w, const real* b, real* out, cbool relu
        ) except +
        void affine_backward(
            const Affine&, const real* dout, const real* x, const real* w, real* dx, real* dw, real* db
        ) except +
        void adam_step(const Adam&, long size, real* w, const real* dw, real* m, real* v) except +

    const Kernels[float]& kernels(const float* numbers)
    const Kernels[double]& kernels(const double* numbers)
    int count_instruction_sets "fastconv::instruction_sets"()
    const char* instruction_set_name(int index)
    int index_in_use "fastconv::instruction_set"()
    void use_instruction_set(int index)


# --- threads and instruction sets ----------------------------------------------------------------


INSTRUCTION_SETS = tuple(instruction_set_name(i).decode() for i in range(count_instruction_sets()))


def num_threads():
    """Give the number of threads that compute, the caller's included."""
    return count_threads()


def set_num_threads(int threads):
    """Set the number of threads from the next call on; with 1, the caller's thread computes alone."""
    _require(threads >= 1, "one thread or more")
    want_threads(threads)


def instruction_set():
    """Give the one of `INSTRUCTION_SETS` that computes."""
    return INSTRUCTION_SETS[index_in_use()]


def set_instruction_set(name):
    """Compute with one of `INSTRUCTION_SETS`, from the next call on."""
    _require(name in INSTRUCTION_SETS, f"one of the instruction sets {', '.join(INSTRUCTION_SETS)}")
    use_instruction_set(INSTRUCTION_SETS.index(name))


def _processors():
    """Give the number of processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _set_up():
    """Set what the environment asks for; ignore values that make no sense."""
    threads = os.environ.get("FASTCONV_THREADS") or os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdecimal() and int(threads) >= 1:
        want_threads(min(int(threads), 1 << 16))
    else:
        want_threads(min(_processors(), MOST_THREADS_BY_DEFAULT))
    name = os.environ.get("FASTCONV_INSTRUCTION_SET")
    if name in INSTRUCTION_SETS:
        use_instruction_set(INSTRUCTION_SETS.index(name))


_set_up()


# --- what every function checks ------------------------------------------------------------------


def _require(condition, wanted):
    if not condition:
        raise ValueError(f"fastconv: wanted {wanted}")


def _require_like(reference, *arrays):
    """Require arrays of one type, contiguous, and aligned for that type."""
    _require(reference.dtype == np.float32 or reference.dtype == np.float64, "float32 or float64")
    for array in (reference, *arrays):
        _require(array.dtype == reference.dtype, "arrays of one type")
        _require(array.flags.c_contiguous and array.flags.aligned, "contiguous, aligned arrays")


cdef Convolution _convolution(x, w, stride, pad) except *:
    """Give the sizes of a convolution, if they are possible."""
    cdef Convolution g
    stride, pad = index(stride), index(pad)
    _require(x.ndim == 4 and w.ndim == 4 and x.shape[1] == w.shape[1], "x (N, C, H, W), w (F, C, HH, WW)")
    _require(1 <= stride <= LARGEST and 0 <= pad <= LARGEST, "a stride of 1 or more and a pad of 0 or more")
    g.images, g.channels, g.height, g.width = x.shape
    g.filters, _, g.field_height, g.field_width = w.shape
    g.stride, g.pad = stride, pad
    _require(g.field_height >= 1 and g.field_width >= 1, "a filter with at least one pixel")
    _require(g.height + 2 * g.pad >= g.field_height, "a filter no higher than the padded image")
    _require(g.width + 2 * g.pad >= g.field_width, "a filter no wider than the padded image")
    g.rows = 1 + (g.height + 2 * g.pad - g.field_height) // g.stride
    g.columns = 1 + (g.width + 2 * g.pad - g.field_width) // g.stride
    return g


cdef Pooling _pooling(shape, height, width, stride) except *:
    """Give the sizes of a pooling, if they are possible."""
    cdef Pooling p
    height, width, stride = index(height), index(width), index(stride)
    _require(len(shape) == 4, "images (N, C, H, W)")
    _require(1 <= stride <= LARGEST and height >= 1 and width >= 1, "windows and a stride of a pixel or more")
    _require(height <= shape[2] and width <= shape[3], "windows that fit into the image")
    p.planes, p.height, p.width = shape[0] * shape[1], shape[2], shape[3]
    p.window_height, p.window_width, p.stride = height, width, stride
    p.rows = 1 + (p.height - p.window_height) // p.stride
    p.columns = 1 + (p.width - p.window_width) // p.stride
    return p


cdef _winners_like(out, const Pooling& p):
    return np.empty(out.shape, dtype=np.uint8 if p.narrow() else np.uint32)


cdef _require_windows(dout, winner, shape, const Pooling& p):
    _require_like(dout)
    _require(dout.shape == shape and winner.shape == shape, "dout and winner (N, C, H', W')")
    _require(
        winner.dtype == (np.uint8 if p.narrow() else np.uint32) and winner.flags.c_contiguous,
        "the winners that the forward pass gave",
    )


cdef inline unsigned char[::1] _bytes(winner):
    return winner.reshape(-1).view(np.uint8)


# --- convolution ---------------------------------------------------------------------------------


def conv_forward(x, w, b, stride, pad):
    """Convolve x (N, C, H, W) with w (F, C, HH, WW) and add b (F,); give (N, F, H', W')."""
    cdef Convolution g = _convolution(x, w, stride, pad)
    _require_like(x, w, b)
    _require(b.shape == (len(w),), "b (F,)")
    out = np.empty((len(x), len(w), g.rows, g.columns), dtype=x.dtype)
    if x.dtype == np.float32:
        _conv_forward[float](g, x, w, b, out)
    else:
        _conv_forward[double](g, x, w, b, out)
    return out


cdef int _conv_forward(
    const Convolution& g, const floating[:, :, :, ::1] x, const floating[:, :, :, ::1] w,
    const floating[::1] b, floating[:, :, :, ::1] out,
) except -1:
    with nogil:
        kernels(&x[0, 0, 0, 0]).conv_forward(g, &x[0, 0, 0, 0], &w[0, 0, 0, 0], &b[0], &out[0, 0, 0, 0])
    return 0


def conv_backward(dout, x, w, stride, pad, need_dx=True):
    """Compute the gradients by x (None unless `need_dx`), w and b, from dout (N, F, H', W')."""
    cdef Convolution g = _convolution(x, w, stride, pad)
    _require_like(x, w, dout)
    _require(dout.shape == (len(x), len(w), g.rows, g.columns), "dout (N, F, H', W')")
    dx, dw, db = _gradients(x, w, need_dx)
    if x.dtype == np.float32:
        _conv_backward[float](g, dout, x, w, dx, dw, db)
    else:
        _conv_backward[double](g, dout, x, w, dx, dw, db)
    return dx, dw, db


def _gradients(x, w, need_dx):
    """Make empty arrays for the gradients by x (None unless `need_dx`), w and b."""
    return np.empty_like(x) if need_dx else None, np.empty_like(w), np.empty(len(w), dtype=w.dtype)


cdef int _conv_backward(
    const Convolution& g, const floating[:, :, :, ::1] dout, const floating[:, :, :, ::1] x,
    const floating[:, :, :, ::1] w, floating[:, :, :, ::1] dx, floating[:, :, :, ::1] dw, floating[::1] db,
) except -1:
    cdef floating* images = NULL
    if dx is not None:
        images = &dx[0, 0, 0, 0]
    with nogil:
        kernels(&x[0, 0, 0, 0]).conv_backward(
            g, &dout[0, 0, 0, 0], &x[0, 0, 0, 0], &w[0, 0, 0, 0], images, &dw[0, 0, 0, 0], &db[0]
        )
    return 0


# --- max pooling ---------------------------------------------------------------------------------


def max_pool_forward(x, height, width, stride):
    """Give the largest entry of every window, and its place in the window, row by row."""
    cdef Pooling p = _pooling(x.shape, height, width, stride)
    _require_like(x)
    out = np.empty((*x.shape[:2], p.rows, p.columns), dtype=x.dtype)
    winner = _winners_like(out, p)
    if x.dtype == np.float32:
        _pool_forward[float](p, x, out, winner)
    else:
        _pool_forward[double](p, x, out, winner)
    return out, winner


cdef int _pool_forward(
    const Pooling& p, const floating[:, :, :, ::1] x, floating[:, :, :, ::1] out, winner
) except -1:
    cdef unsigned char[::1] places = _bytes(winner)
    with nogil:
        kernels(&x[0, 0, 0, 0]).pool_forward(p, &x[0, 0, 0, 0], &out[0, 0, 0, 0], &places[0])
    return 0


def max_pool_backward(dout, winner, shape, height, width, stride):
    """Give every window's gradient to the window's winner; `shape` is (N, C, H, W)."""
    cdef Pooling p = _pooling(shape, height, width, stride)
    _require_windows(dout, winner, (shape[0], shape[1], p.rows, p.columns), p)
    dx = np.empty(shape, dtype=dout.dtype)
    if dout.dtype == np.float32:
        _pool_backward[float](p, dout, winner, dx)
    else:
        _pool_backward[double](p, dout, winner, dx)
    return dx


cdef int _pool_backward(
    const Pooling& p, const floating[:, :, :, ::1] dout, winner, floating[:, :, :, ::1] dx
) except -1:
    cdef const unsigned char[::1] places = winner.reshape(-1).view(np.uint8)
    with nogil:
        kernels(&dx[0, 0, 0, 0]).pool_backward(p, &dout[0, 0, 0, 0], &places[0], &dx[0, 0, 0, 0])
    return 0


# --- convolution, ReLU and max pooling in one ----------------------------------------------------


def conv_relu_pool_forward(x, w, b, stride, pad, height, width, pool_stride):
    """Compute convolution, ReLU and max pooling; a window without a positive number has no winner."""
    cdef Convolution g = _convolution(x, w, stride, pad)
    cdef Pooling p = _pooling((len(x), len(w), g.rows, g.columns), height, width, pool_stride)
    _require_like(x, w, b)
    _require(b.shape == (len(w),), "b (F,)")
    out = np.empty((len(x), len(w), p.rows, p.columns), dtype=x.dtype)
    winner = _winners_like(out, p)
    if x.dtype == np.float32:
        _conv_relu_pool_forward[float](g, p, x, w, b, out, winner)
    else:
        _conv_relu_pool_forward[double](g, p, x, w, b, out, winner)
    return out, winner


cdef int _conv_relu_pool_forward(
    const Convolution& g, const Pooling& p, const floating[:, :, :, ::1] x, const floating[:, :, :, ::1] w,
    const floating[::1] b, floating[:, :, :, ::1] out, winner,
) except -1:
    cdef unsigned char[::1] places = _bytes(winner)
    with nogil:
        kernels(&x[0, 0, 0, 0]).conv_relu_pool_forward(
            g, p, &x[0, 0, 0, 0], &w[0, 0, 0, 0], &b[0], &out[0, 0, 0, 0], &places[0]
        )
    return 0


def conv_relu_pool_backward(dout, winner, x, w, stride, pad, height, width, pool_stride, need_dx=True):
    """Compute the gradients of `conv_relu_pool_forward` by x (None unless `need_dx`), w and b."""
    cdef Convolution g = _convolution(x, w, stride, pad)
    cdef Pooling p = _pooling((len(x), len(w), g.rows, g.columns), height, width, pool_stride)
    _require_like(x, w, dout)
    _require_windows(dout, winner, (len(x), len(w), p.rows, p.columns), p)
    dx, dw, db = _gradients(x, w, need_dx)
    if x.dtype == np.float32:
        _conv_relu_pool_backward[float](g, p, dout, winner, x, w, dx, dw, db)
    else:
        _conv_relu_pool_backward[double](g, p, dout, winner, x, w, dx, dw, db)
    return dx, dw, db


cdef int _conv_relu_pool_backward(
    const Convolution& g, const Pooling& p, const floating[:, :, :, ::1] dout, winner,
    const floating[:, :, :, ::1] x, const floating[:, :, :, ::1] w, floating[:, :, :, ::1] dx,
    floating[:, :, :, ::1] dw, floating[::1] db,
) except -1:
    cdef const unsigned char[::1] places = winner.reshape(-1).view(np.uint8)
    cdef floating* images = NULL
    if dx is not None:
        images = &dx[0, 0, 0, 0]
    with nogil:
        kernels(&x[0, 0, 0, 0]).conv_relu_pool_backward(
            g, p, &dout[0, 0, 0, 0], &places[0], &x[0, 0, 0, 0], &w[0, 0, 0, 0], images,
            &dw[0, 0, 0, 0], &db[0],
        )
    return 0


# --- fully connected -----------------------------------------------------------------------------


cdef Affine _affine(x, w) except *:
    cdef Affine a
    _require(x.ndim == 2 and w.ndim == 2 and x.shape[1] == w.shape[0], "x (N, D), w (D, M)")
    a.examples, a.inputs = x.shape
    a.outputs = w.shape[1]
    return a


def affine_forward(x, w, b, relu=False):
    """Compute x (N, D) times w (D, M), plus b (M,); `relu` sets negative numbers to zero."""
    cdef Affine a = _affine(x, w)
    _require_like(x, w, b)
    _require(b.shape == w.shape[1:], "b (M,)")
    out = np.empty((len(x), w.shape[1]), dtype=x.dtype)
    if x.dtype == np.float32:
        _affine_forward[float](a, x, w, b, out, relu)
    else:
        _affine_forward[double](a, x, w, b, out, relu)
    return out


cdef int _affine_forward(
    const Affine& a, const floating[:, ::1] x, const floating[:, ::1] w, const floating[::1] b,
    floating[:, ::1] out, bint relu,
) except -1:
    with nogil:
        kernels(&x[0, 0]).affine_forward(a, &x[0, 0], &w[0, 0], &b[0], &out[0, 0], relu)
    return 0


def affine_backward(dout, x, w):
    """Compute the gradients by x, w and b, from dout (N, M)."""
    cdef Affine a = _affine(x, w)
    _require_like(x, w, dout)
    _require(dout.shape == (len(x), w.shape[1]), "dout (N, M)")
    dx, dw, db = np.empty_like(x), np.empty_like(w), np.empty(w.shape[1], dtype=w.dtype)
    if x.dtype == np.float32:
        _affine_backward[float](a, dout, x, w, dx, dw, db)
    else:
        _affine_backward[double](a, dout, x, w, dx, dw, db)
    return dx, dw, db


cdef int _affine_backward(
    const Affine& a, const floating[:, ::1] dout, const floating[:, ::1] x, const floating[:, ::1] w,
    floating[:, ::1] dx, floating[:, ::1] dw, floating[::1] db,
) except -1:
    with nogil:
        kernels(&x[0, 0]).affine_backward(
            a, &dout[0, 0], &x[0, 0], &w[0, 0], &dx[0, 0], &dw[0, 0], &db[0]
        )
    return 0


# --- Adam ----------------------------------------------------------------------------------------


def adam_step(w, dw, m, v, step_size, beta1, beta2, epsilon, correction):
    """Change w, m and v in place: m = beta1 m + (1 - beta1) dw, v = beta2 v + (1 - beta2) dw ** 2,
    w -= step_size * m / (sqrt(correction * v) + epsilon)."""
    cdef Adam adam = Adam(step_size, beta1, beta2, epsilon, correction)
    _require_like(w, dw, m, v)
    _require(dw.shape == w.shape and m.shape == w.shape and v.shape == w.shape, "arrays of one shape")
    if w.dtype == np.float32:
        _adam_step[float](adam, w.reshape(-1), dw.reshape(-1), m.reshape(-1), v.reshape(-1))
    else:
        _adam_step[double](adam, w.reshape(-1), dw.reshape(-1), m.reshape(-1), v.reshape(-1))


cdef int _adam_step(
    const Adam& adam, floating[::1] w, const floating[::1] dw, floating[::1] m, floating[::1] v
) except -1:
    with nogil:
        kernels(&w[0]).adam_step(adam, w.shape[0], &w[0], &dw[0], &m[0], &v[0])
    return 0
