"""Compute convolution and max pooling fast, with the interface of the naive layers.

Two implementations have the same functions: `fastconv`, compiled by ``python setup.py build_ext
--inplace`` in this folder (or installed with the autograder), and `numpy_layers`, which needs no
compiler. `BACKEND` names the one in use; ``HW5_FAST_LAYERS=numpy`` in the environment chooses the
second. float32 stays float32; every other type is computed in float64. The layers are fastest for
C-contiguous arrays and for pooling windows of 2 x 2 that don't overlap; all others work too.

The compiled layers use every processor that this process may use, at most 16. FASTCONV_THREADS or
OMP_NUM_THREADS in the environment, or `layers.set_num_threads` later, sets another number; the results
are the same.
"""

import contextlib
import importlib
import os
import warnings
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BACKEND",
    "conv_backward_fast",
    "conv_forward_fast",
    "max_pool_backward_fast",
    "max_pool_forward_fast",
]

Array = NDArray[Any]
Cache = tuple[Any, ...]
LAYOUT: Final = ("C_CONTIGUOUS", "ALIGNED")  # required of the layers' inputs
INTERFACE = 2  # a compiled module with another number was built from another version


def _compiled() -> ModuleType | None:
    """Find the compiled layers: beside this file, else installed."""
    for name in (".fastconv", "fastconv"):
        with contextlib.suppress(ImportError):
            found = importlib.import_module(name, __package__)
            return found if found.INTERFACE == INTERFACE else None
    return None


def _choose_backend() -> tuple[str, ModuleType]:
    """Choose the compiled layers if there are any, else NumPy's with a warning; NumPy's if asked for."""
    wanted = os.environ.get("HW5_FAST_LAYERS")
    compiled = None if wanted == "numpy" else _compiled()
    if compiled is not None:
        return "cython", compiled
    from . import numpy_layers

    if wanted != "numpy":
        warnings.warn(
            "The fast layers are not compiled here: NumPy takes their place, which gives the same results "
            "but takes longer. To compile them: cd HW5_code && python setup.py build_ext --inplace",
            RuntimeWarning,
            stacklevel=2,
        )
    return "numpy", numpy_layers


BACKEND, layers = _choose_backend()


def conv_forward_fast(x: Array, w: Array, b: Array, conv_param: dict[str, int]) -> tuple[Array, Cache]:
    """Compute the forward pass of a convolutional layer.

    Parameters
    ----------
    x : (N, C, H, W) array
        Images.
    w : (F, C, HH, WW) array
        Filters.
    b : (F,) array
        Biases.
    conv_param : dict
        'stride', the distance of neighbouring receptive fields, and 'pad', the width of the border
        of zeros, in pixels.

    Returns
    -------
    out : (N, F, H', W') array
        H' = 1 + (H + 2 * pad - HH) // stride, W' = 1 + (W + 2 * pad - WW) // stride.
    cache : for `conv_backward_fast`

    Raises
    ------
    ValueError
        Shapes, stride or pad don't fit; names the culprit.
    """
    x, w, b = as_floats(x, w, b)
    stride, pad = check_convolution(x, w, b, conv_param)
    return layers.conv_forward(x, w, b, stride, pad), (x, w, b, conv_param)


def conv_backward_fast(dout: Array, cache: Cache, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
    """Compute the backward pass of a convolutional layer.

    Parameters
    ----------
    dout : (N, F, H', W') array
        Gradient of the loss by the layer's output.
    cache : the cache of `conv_forward_fast`
    need_dx : bool
        False skips dx, for a first layer: nobody needs the gradient by the images.

    Returns
    -------
    dx, dw, db : arrays with the shapes of x, w and b; dx is None unless `need_dx`

    Raises
    ------
    ValueError
        dout does not have the output's shape.
    """
    x, w, b, conv_param = cache
    x, w, b, dout = as_floats(x, w, b, dout)
    stride, pad = check_convolution(x, w, b, conv_param)
    check_gradient("conv_backward_fast", dout, (len(x), len(w), *conv_size(x, w, stride, pad)))
    gradients: tuple[Array | None, Array, Array] = layers.conv_backward(dout, x, w, stride, pad, need_dx)
    return gradients


def max_pool_forward_fast(x: Array, pool_param: dict[str, int]) -> tuple[Array, Cache]:
    """Compute the forward pass of max pooling.

    Parameters
    ----------
    x : (N, C, H, W) array
    pool_param : dict
        'pool_height' and 'pool_width' of a window, and 'stride', the distance between windows.

    Returns
    -------
    out : (N, C, H', W') array
        H' = 1 + (H - pool_height) // stride, W' alike.
    cache : for `max_pool_backward_fast`

    Raises
    ------
    ValueError
        The windows don't fit into the images.
    """
    (x,) = as_floats(x)
    if x.ndim != 4:
        raise ValueError(f"max_pool_forward_fast: x should be (N, C, H, W), got {x.shape}")
    height, width, stride = check_pooling(x.shape[2:], pool_param)
    out, winner = layers.max_pool_forward(x, height, width, stride)
    return out, (winner, x.shape, x.dtype, (height, width, stride))


def max_pool_backward_fast(dout: Array, cache: Cache) -> Array:
    """Compute the backward pass of max pooling: a window's gradient goes to the first of its largest entries.

    Parameters
    ----------
    dout : (N, C, H', W') array
    cache : the cache of `max_pool_forward_fast`

    Returns
    -------
    dx : (N, C, H, W) array

    Raises
    ------
    ValueError
        dout does not have the output's shape.
    """
    winner, shape, dtype, (height, width, stride) = cache
    dout = np.require(dout, dtype, LAYOUT)
    check_gradient("max_pool_backward_fast", dout, winner.shape)
    dx: Array = layers.max_pool_backward(dout, winner, shape, height, width, stride)
    return dx


def conv_size(x: Array, w: Array, stride: int, pad: int) -> tuple[int, int]:
    """Give (H', W') of a convolution's output."""
    rows, columns = (
        1 + (size + 2 * pad - field) // stride for size, field in zip(x.shape[2:], w.shape[2:], strict=True)
    )
    return rows, columns


def check_convolution(x: Array, w: Array, b: Array, conv_param: dict[str, int]) -> tuple[int, int]:
    """Give stride and pad of a possible convolution; raise a ValueError with the reason for any other."""
    if x.ndim != 4 or w.ndim != 4 or x.shape[1] != w.shape[1]:
        raise ValueError(f"x should be (N, C, H, W) and w (F, C, HH, WW); got x {x.shape}, w {w.shape}")
    if b.shape != w.shape[:1]:
        raise ValueError(f"b should hold one number for each of the {len(w)} filters, got b {b.shape}")
    stride, pad = _whole(conv_param, "conv_param", "stride", 1), _whole(conv_param, "conv_param", "pad", 0)
    if min(w.shape[2:]) < 1 or min(conv_size(x, w, stride, pad)) < 1:
        raise ValueError(f"filters {w.shape[2:]} don't fit into images {x.shape[2:]} with pad {pad}")
    return stride, pad


def check_pooling(size: tuple[int, ...], pool_param: dict[str, int]) -> tuple[int, int, int]:
    """Give height, width and stride of a possible pooling; raise a ValueError with the reason otherwise."""
    height, width, stride = (
        _whole(pool_param, "pool_param", key, 1) for key in ("pool_height", "pool_width", "stride")
    )
    if height > size[0] or width > size[1]:
        raise ValueError(f"pooling windows ({height}, {width}) don't fit into images {tuple(size)}")
    return height, width, stride


def check_gradient(name: str, dout: Array, shape: tuple[int, ...]) -> None:
    """Raise a ValueError unless the gradient has the output's shape."""
    if dout.shape != shape:
        raise ValueError(f"{name}: dout should have the output's shape {shape}, got {dout.shape}")


def _whole(parameters: dict[str, int], name: str, key: str, least: int) -> int:
    """Give an entry of the parameters, an integer of at least `least`."""
    if key not in parameters:
        raise ValueError(f"{name} has no {key!r}: it should be a whole number of {least} or more")
    value = parameters[key]
    try:
        whole = int(value)
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or whole != value or whole < least:
        raise ValueError(f"{name}[{key!r}] should be a whole number of {least} or more, got {value!r}")
    return whole


def as_floats(*arrays: Array) -> tuple[Array, ...]:
    """Give the arrays in one type, float32 if all fit into it, contiguous and aligned.

    Raises
    ------
    ValueError
        The numbers of an array are not real.
    """
    given = [np.asarray(array) for array in arrays]
    for array in given:
        if array.dtype.kind not in "fiub":
            raise ValueError(f"the layers compute with real numbers, got an array of {array.dtype}")
    dtype = np.float32 if np.result_type(*given) == np.float32 else np.float64
    return tuple(np.require(array, dtype, LAYOUT) for array in given)
