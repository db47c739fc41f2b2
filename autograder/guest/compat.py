"""Emulate old names (NumPy before 1.24, Python 2) in a child whose code uses them."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Iterable
from typing import Any

import numpy as np

# A name that stands for everything that Python 2 did differently; see `python2`.
PYTHON2 = "python2"
# NumPy's former names, and the types that they stood for.
_NUMPY = {
    "int": int,
    "float": float,
    "bool": bool,
    "object": object,
    "str": str,
    "complex": complex,
    "long": int,
    "unicode": str,
    "float_": np.float64,
    "complex_": np.complex128,
    "Inf": np.inf,
    "Infinity": np.inf,
    "infty": np.inf,
    "NaN": np.nan,
    "NAN": np.nan,
    "product": np.prod,
    "cumproduct": np.cumprod,
    "alltrue": np.all,
    "sometrue": np.any,
    "row_stack": np.vstack,
    "in1d": np.isin,
    "trapz": getattr(np, "trapezoid", None),
    "asscalar": lambda a: a.item(),
}
_PYTHON2 = {
    "xrange": range,
    "raw_input": input,
    "unicode": str,
    "long": int,
    "basestring": str,
    "unichr": chr,
    "reduce": functools.reduce,
}


def emulate(names: Iterable[str]) -> None:
    """Define the old names in this process; names that are not known here change nothing."""
    for old in names:
        owner, _, name = old.rpartition(".")
        if old in _PYTHON2:
            setattr(builtins, old, _PYTHON2[old])
        elif old == "np.lib.pad":
            vars(np.lib)["pad"] = np.pad
        elif old == "np.reshape.newshape":
            np.reshape = _reshape_with_newshape(np.reshape)
        elif owner == "np" and name in _NUMPY and name not in vars(np):
            setattr(np, name, _NUMPY[name])


def _reshape_with_newshape(reshape: Any) -> Any:
    @functools.wraps(reshape)
    def wrapped(a: Any, *args: Any, **kwargs: Any) -> Any:
        if "newshape" in kwargs:
            kwargs["shape"] = kwargs.pop("newshape")
        return reshape(a, *args, **kwargs)

    return wrapped
