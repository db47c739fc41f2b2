"""Join layers that usually follow each other: convolution, ReLU and pooling; fully connected and ReLU."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import fast_layers as fast
from .fast_layers import conv_backward_fast, conv_forward_fast
from .layers import affine, fc_backward, relu_backward, relu_forward

__all__ = [
    "conv_relu_backward",
    "conv_relu_forward",
    "conv_relu_pool_backward",
    "conv_relu_pool_forward",
    "fc_relu_backward",
    "fc_relu_forward",
]

Array = NDArray[Any]
Cache = tuple[Any, ...]


def fc_relu_forward(x: Array, w: Array, b: Array) -> tuple[Array, Cache]:
    """Compute a fully connected layer, then ReLU; see `layers.fc_forward`."""
    out = affine(x, w, b, relu=True)
    return out, ((x, w, b), (out,))  # out is positive where the input of ReLU was


def fc_relu_backward(dout: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Compute the gradients (dx, dw, db) of `fc_relu_forward`."""
    fc_cache, relu_cache = cache
    return fc_backward(relu_backward(dout, relu_cache), fc_cache)


def conv_relu_forward(x: Array, w: Array, b: Array, conv_param: dict[str, int]) -> tuple[Array, Cache]:
    """Compute a convolution, then ReLU; see `fast_layers.conv_forward_fast`."""
    features, conv_cache = conv_forward_fast(x, w, b, conv_param)
    out, relu_cache = relu_forward(features)
    return out, (conv_cache, relu_cache)


def conv_relu_backward(dout: Array, cache: Cache, need_dx: bool = True) -> tuple[Array | None, Array, Array]:
    """Compute the gradients (dx, dw, db) of `conv_relu_forward`; dx is None unless `need_dx`."""
    conv_cache, relu_cache = cache
    return conv_backward_fast(relu_backward(dout, relu_cache), conv_cache, need_dx)


def conv_relu_pool_forward(
    x: Array, w: Array, b: Array, conv_param: dict[str, int], pool_param: dict[str, int]
) -> tuple[Array, Cache]:
    """Compute convolution, ReLU and max pooling in one go: the convolution's output is never kept whole.

    Parameters
    ----------
    x, w, b, conv_param
        As in `fast_layers.conv_forward_fast`.
    pool_param
        As in `fast_layers.max_pool_forward_fast`.

    Returns
    -------
    out : (N, F, H', W') array
        The pooled output.
    cache : for `conv_relu_pool_backward`

    Raises
    ------
    ValueError
        Shapes or parameters don't fit; names the culprit.
    """
    x, w, b = fast.as_floats(x, w, b)
    stride, pad = fast.check_convolution(x, w, b, conv_param)
    windows = fast.check_pooling(fast.conv_size(x, w, stride, pad), pool_param)
    out, winner = fast.layers.conv_relu_pool_forward(x, w, b, stride, pad, *windows)
    return out, (winner, x, w, (stride, pad, *windows))


def conv_relu_pool_backward(
    dout: Array, cache: Cache, need_dx: bool = True
) -> tuple[Array | None, Array, Array]:
    """Compute the gradients (dx, dw, db) of `conv_relu_pool_forward`; dx is None unless `need_dx`.

    Raises
    ------
    ValueError
        dout does not have the output's shape.
    """
    winner, x, w, sizes = cache
    dout = np.require(dout, x.dtype, fast.LAYOUT)
    fast.check_gradient("conv_relu_pool_backward", dout, winner.shape)
    gradients: tuple[Array | None, Array, Array] = fast.layers.conv_relu_pool_backward(
        dout, winner, x, w, *sizes, need_dx
    )
    return gradients
