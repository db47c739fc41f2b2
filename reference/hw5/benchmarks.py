"""Measure HW5's speed: the layers and a training step, ours beside PyTorch's and plain NumPy's."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from bench.suite import Contender, Suite, UnavailableError, Work
from msgspec.structs import replace

from autograder.assignment import CompatSpec
from autograder.extract import extract
from autograder.intake.reading import read_notebook

Works = Mapping[str, Callable[[], object]]

# The convolution and the pooling of the notebook's timing cell, and the first layer of its network.
PRINTED: Mapping[str, Any] = {"x": (100, 3, 31, 31), "w": (25, 3, 3, 3), "stride": 2, "pad": 1}
POOLED = (100, 3, 32, 32)
FIRST: Mapping[str, Any] = {"x": (200, 3, 32, 32), "w": (32, 3, 7, 7), "stride": 1, "pad": 3}
BATCH, HIDDEN, CLASSES, EXAMPLES = 200, 100, 10, 5000


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape))


def _outputs(layer: Mapping[str, Any]) -> tuple[int, int, int, int]:
    (n, _, height, width), (f, _, rows, columns) = layer["x"], layer["w"]
    stride, pad = layer["stride"], layer["pad"]
    return n, f, 1 + (height + 2 * pad - rows) // stride, 1 + (width + 2 * pad - columns) // stride


def _convolution_works(name: str, layer: Mapping[str, Any], dtype: str, need_dx: bool) -> tuple[Work, Work]:
    """Count the work of a forward and a backward pass; dw and dx each take as much as the forward pass."""
    outputs, about = _outputs(layer), f"x {layer['x']}, w {layer['w']}"
    products = 2.0 * _size(outputs) * _size(layer["w"][1:])
    moved = np.dtype(dtype).itemsize * (_size(layer["x"]) + _size(outputs) + _size(layer["w"]))
    forward = Work(name=f"{name} forward {dtype}", about=about, operations=products, moved=moved, dtype=dtype)
    backward = replace(
        forward,
        name=f"{name} backward {dtype}",
        operations=(1 + need_dx) * products,
        moved=(1 + need_dx) * moved,
    )
    return forward, backward


def _fused_works() -> tuple[Work, Work]:
    """Count the work with pooling: backward, only the windows' winners have a gradient, a quarter of all."""
    forward, backward = _convolution_works("convolution, ReLU, pooling", FIRST, "float32", need_dx=False)
    return forward, replace(backward, operations=backward.operations / 4)


def _pooling_works() -> tuple[Work, Work]:
    forward = Work(
        name="pooling forward float64",
        about=f"x {POOLED}, windows of 2 x 2",
        operations=0.0,
        moved=8.0 * _size(POOLED) * 1.25,
        dtype="float64",
    )
    return forward, replace(forward, name="pooling backward float64")


LAYERS = (
    *_convolution_works("convolution", PRINTED, "float64", need_dx=True),
    *_convolution_works("convolution", PRINTED, "float32", need_dx=True),
    *_pooling_works(),
    *_convolution_works("first layer", FIRST, "float32", need_dx=False),
    *_fused_works(),
)


def _step_work() -> Work:
    """Count forward and dw of the first layer and three products of the second; the first has no dx."""
    convolved = 2.0 * _size(_outputs(FIRST)) * _size(FIRST["w"][1:])
    connected = 2.0 * BATCH * (_size(_outputs(FIRST)[1:]) // 4) * HIDDEN
    return Work(
        name="training step",
        about=f"batch {BATCH}, the homework's network, Adam",
        operations=1.25 * convolved + 3 * connected,
        moved=4.0 * 8 * (_size(_outputs(FIRST)[1:]) // 4) * HIDDEN,
        dtype="float32",
    )


def _scaled() -> Mapping[str, Mapping[str, Any]]:
    """Give the first layer, and variants of it with one size doubled."""
    (n, c, side, _), (f, _, rows, columns) = FIRST["x"], FIRST["w"]
    sizes = {
        "as it is": (n, c, f, side, side),
        "twice the images": (2 * n, c, f, side, side),
        "twice the channels": (n, 2 * c, f, side, side),
        "twice the filters": (n, c, 2 * f, side, side),
        "twice the area": (n, c, f, 2 * side, side),
        "four times the area": (n, c, f, 2 * side, 2 * side),
    }
    return {
        name: {**FIRST, "x": (images, channels, high, wide), "w": (filters, channels, rows, columns)}
        for name, (images, channels, filters, high, wide) in sizes.items()
    }


def _scaling_works() -> tuple[Work, ...]:
    return tuple(
        work
        for name, layer in _scaled().items()
        for work in _convolution_works(f"first layer, {name},", layer, "float32", need_dx=True)
    )


# --- ours ----------------------------------------------------------------------------------------


def _support(root: Path) -> Any:
    """Import the support code's fast layers, as its own tests do."""
    sys.path.insert(0, str(root / "source" / "hw5"))
    from HW5_code import fast_layers

    return fast_layers


def _compiled(root: Path) -> Any:
    layers = _support(root)
    if layers.BACKEND != "cython":
        raise UnavailableError("the fast layers are not compiled: autograder doctor says what to do")
    return layers


def _instruction_set(name: str) -> Callable[[Path], Works]:
    def prepare(root: Path) -> Works:
        layers = _compiled(root)
        if name not in layers.layers.INSTRUCTION_SETS:
            raise UnavailableError(f"this processor has no {name}")
        layers.layers.set_instruction_set(name)
        return _our_layers(layers)

    return prepare


def _our_layers(layers: Any) -> Works:
    from HW5_code.layer_utils import conv_relu_pool_backward, conv_relu_pool_forward

    works: dict[str, Callable[[], object]] = {}
    for work in LAYERS:
        if work.name.startswith(("convolution forward", "first layer forward")):
            x, w, b, dout, parameters = _arrays(_layer(work.name), work.dtype)
            _, cache = layers.conv_forward_fast(x, w, b, parameters)
            need_dx = work.name.startswith("convolution")
            works[work.name] = partial(layers.conv_forward_fast, x, w, b, parameters)
            works[work.name.replace("forward", "backward")] = partial(
                layers.conv_backward_fast, dout, cache, need_dx
            )
    x, dout = _pooled_arrays()
    halves = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, pooled = layers.max_pool_forward_fast(x, halves)
    works["pooling forward float64"] = lambda: layers.max_pool_forward_fast(x, halves)
    works["pooling backward float64"] = lambda: layers.max_pool_backward_fast(dout, pooled)
    first, w, b, _, parameters = _arrays(FIRST, "float32")
    out, cache = conv_relu_pool_forward(first, w, b, parameters, halves)
    works[_fused_works()[0].name] = lambda: conv_relu_pool_forward(first, w, b, parameters, halves)
    works[_fused_works()[1].name] = lambda: conv_relu_pool_backward(out, cache, need_dx=False)
    return works


def _our_scaled_layers(root: Path) -> Works:
    layers, works = _compiled(root), {}
    for name, layer in _scaled().items():
        x, w, b, dout, parameters = _arrays(layer, "float32")
        _, cache = layers.conv_forward_fast(x, w, b, parameters)
        forward, backward = _convolution_works(f"first layer, {name},", layer, "float32", need_dx=True)
        works[forward.name] = partial(layers.conv_forward_fast, x, w, b, parameters)
        works[backward.name] = partial(layers.conv_backward_fast, dout, cache)
    return works


def _layer(name: str) -> Mapping[str, Any]:
    return PRINTED if name.startswith("convolution ") else FIRST


def _arrays(layer: Mapping[str, Any], dtype: str) -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    shapes = (layer["x"], layer["w"], layer["w"][:1], _outputs(layer))
    arrays = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    return (*arrays, {"stride": layer["stride"], "pad": layer["pad"]})


def _pooled_arrays() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    n, c, height, width = POOLED
    return rng.standard_normal(POOLED), rng.standard_normal((n, c, height // 2, width // 2))


def _our_step(prepare: Callable[[Path], Any], instruction_set: str | None = None) -> Callable[[Path], Works]:
    """Give a step of the Solver with the solved notebook's network."""

    def ready(root: Path) -> Works:
        layers = prepare(root)
        if instruction_set is not None:
            if instruction_set not in layers.layers.INSTRUCTION_SETS:
                raise UnavailableError(f"this processor has no {instruction_set}")
            layers.layers.set_instruction_set(instruction_set)
        from HW5_code.solver import Solver

        rng = np.random.default_rng(0)
        x = rng.standard_normal((EXAMPLES, 3, 32, 32)).astype("float32")
        y = rng.integers(CLASSES, size=EXAMPLES)
        model = _network(root)(weight_scale=1e-3, hidden_dim=HIDDEN, reg=1e-3)
        solver = Solver(
            model,
            {"X_train": x, "y_train": y, "X_val": x[:BATCH], "y_val": y[:BATCH]},
            update_rule="adam",
            optim_config={"learning_rate": 1e-3},
            batch_size=BATCH,
            verbose=False,
        )
        return {"training step": solver._step}

    return ready


def _network(root: Path) -> Any:
    """Define the solved notebook's class here: it is the instructor's own code."""
    notebook = read_notebook(root / "source" / "hw5" / "HW5.ipynb")
    found = extract(notebook, ["ThreeLayerConvNet"], CompatSpec())
    namespace: dict[str, Any] = {}
    for chunk in found.chunks:
        exec(chunk.source, namespace)
    return namespace["ThreeLayerConvNet"]


# --- peers ---------------------------------------------------------------------------------------


def _plain_numpy(_: Path) -> Works:
    """Give the usual im2col: every field is a column, and one matrix product serves the whole batch."""
    from numpy.lib.stride_tricks import sliding_window_view

    def unfold(x: Any, w: Any, stride: int, pad: int) -> Any:
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        fields = sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
        return fields.transpose(1, 4, 5, 0, 2, 3).reshape(_size(w.shape[1:]), -1)

    def forward(x: Any, w: Any, b: Any, parameters: Mapping[str, int]) -> Any:
        n, (f, *_) = len(x), w.shape
        columns = unfold(x, w, **parameters)
        out = (w.reshape(f, -1) @ columns + b[:, None]).reshape(f, n, -1)
        return np.ascontiguousarray(out.transpose(1, 0, 2)), columns

    def backward(dout: Any, x: Any, w: Any, columns: Any, parameters: Mapping[str, int]) -> Any:
        f, stride, pad = len(w), parameters["stride"], parameters["pad"]
        n, _, rows, width = dout.shape
        upstream = dout.transpose(1, 0, 2, 3).reshape(f, -1)
        dw, db = upstream @ columns.T, upstream.sum(axis=1)
        fields = (w.reshape(f, -1).T @ upstream).reshape(*w.shape[1:], n, rows, width)
        dx = np.zeros((n, x.shape[1], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad), dtype=x.dtype)
        for i, j in np.ndindex(*w.shape[2:]):
            below, right = i + (rows - 1) * stride + 1, j + (width - 1) * stride + 1
            dx[:, :, i:below:stride, j:right:stride] += fields[:, i, j].transpose(1, 0, 2, 3)
        return dx[:, :, pad:-pad, pad:-pad], dw, db

    works: dict[str, Callable[[], object]] = {}
    for dtype in ("float64", "float32"):
        x, w, b, dout, parameters = _arrays(PRINTED, dtype)
        columns = unfold(x, w, **parameters)
        works[f"convolution forward {dtype}"] = partial(forward, x, w, b, parameters)
        works[f"convolution backward {dtype}"] = partial(backward, dout, x, w, columns, parameters)
    x, w, b, _, parameters = _arrays(FIRST, "float32")
    works["first layer forward float32"] = lambda: forward(x, w, b, parameters)
    return works


def _usual_cython(root: Path) -> Works:
    """Build the usual Cython layers in a temporary folder: loops unfold the batch, and NumPy multiplies."""
    layers = _build(root / "reference" / "hw5" / "usual_im2col.pyx")
    works: dict[str, Callable[[], object]] = {}
    for dtype in ("float64", "float32"):
        x, w, b, dout, parameters = _arrays(PRINTED, dtype)
        sizes = (parameters["stride"], parameters["pad"])
        _, columns = layers.forward(x, w, b, *sizes)
        works[f"convolution forward {dtype}"] = partial(layers.forward, x, w, b, *sizes)
        works[f"convolution backward {dtype}"] = partial(layers.backward, dout, x, w, columns, *sizes)
    x, w, b, *_ = _arrays(FIRST, "float32")
    works["first layer forward float32"] = lambda: layers.forward(x, w, b, FIRST["stride"], FIRST["pad"])
    return works


def _build(source: Path) -> Any:
    """Compile a Cython module with the compiler's defaults, as such homeworks do."""
    with tempfile.TemporaryDirectory() as folder:
        compiler = [sys.executable, "-m", "Cython.Build.Cythonize", "--inplace", "--quiet"]
        done = subprocess.run(
            [*compiler, shutil.copy(source, folder)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise UnavailableError(f"it can't be compiled here: {done.stderr.strip()[-200:]}")
        sys.path.insert(0, folder)
        return importlib.import_module(source.stem)


def _torch(threads: int | None, channels_last: bool = False) -> Callable[[Path], Works]:
    def prepare(_: Path) -> Works:
        import torch
        from torch.nn import functional

        if threads is not None:
            torch.set_num_threads(threads)
        works: dict[str, Callable[[], object]] = {}

        def tensors(arrays: Any) -> Any:
            layout = torch.channels_last if channels_last else torch.contiguous_format
            return [
                torch.tensor(a).to(memory_format=layout if a.ndim == 4 else torch.contiguous_format)
                for a in arrays
            ]

        def forward(function: Callable[..., Any], inputs: Any) -> Callable[[], object]:
            def run() -> object:
                with torch.no_grad():
                    return function(*inputs)

            return run

        def backward(function: Callable[..., Any], inputs: Any, wanted: Any) -> Callable[[], object]:
            for each in wanted:
                each.requires_grad_()
            out = function(*inputs)
            dout = torch.ones_like(out)
            return lambda: torch.autograd.grad(out, wanted, dout, retain_graph=True)

        def both(name: str, function: Callable[..., Any], inputs: Any, wanted: Any) -> None:
            works[name] = forward(function, inputs)
            works[name.replace("forward", "backward")] = backward(function, inputs, wanted)

        for work in LAYERS:
            if work.name.startswith(("convolution forward", "first layer forward")):
                layer = _layer(work.name)
                inputs = tensors(_arrays(layer, work.dtype)[:3])
                convolve = _torch_convolution(functional, layer)
                wanted = inputs if work.name.startswith("convolution") else inputs[1:]
                both(work.name, convolve, inputs, wanted)
        (x,) = tensors(_pooled_arrays()[:1])
        both("pooling forward float64", lambda a: functional.max_pool2d(a, 2, 2), [x], [x])
        inputs = tensors(_arrays(FIRST, "float32")[:3])
        convolve = _torch_convolution(functional, FIRST)
        both(
            _fused_works()[0].name,
            lambda *a: functional.max_pool2d(torch.relu(convolve(*a)), 2, 2),
            inputs,
            inputs[1:],
        )
        return works

    return prepare


def _torch_convolution(functional: Any, layer: Mapping[str, Any]) -> Callable[..., Any]:
    return lambda x, w, b: functional.conv2d(x, w, b, layer["stride"], layer["pad"])


def _torch_step(
    threads: int | None, channels_last: bool = False, pool_first: bool = False
) -> Callable[[Path], Works]:
    """Give a step of the same network. Pooling before ReLU gives the same for a quarter of ReLU's work."""

    def prepare(_: Path) -> Works:
        import torch
        from torch import nn

        if threads is not None:
            torch.set_num_threads(threads)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        middle = (nn.MaxPool2d(2), nn.ReLU()) if pool_first else (nn.ReLU(), nn.MaxPool2d(2))
        convolution, hidden = nn.Conv2d(3, 32, 7, padding=3), nn.Linear(8192, HIDDEN)
        network: nn.Module = nn.Sequential(
            convolution, *middle, nn.Flatten(), hidden, nn.ReLU(), nn.Linear(HIDDEN, CLASSES)
        )
        network = network.to(memory_format=layout)  # type: ignore[call-overload] # the stubs want a tensor too
        weights = [p for name, p in network.named_parameters() if name.endswith("weight")]
        biases = [p for name, p in network.named_parameters() if name.endswith("bias")]
        groups: list[dict[str, Any]] = [{"params": weights, "weight_decay": 1e-3}, {"params": biases}]
        adam = torch.optim.Adam(groups, lr=1e-3, fused=True)
        x, y = torch.randn(EXAMPLES, 3, 32, 32), torch.randint(CLASSES, (EXAMPLES,))

        def step() -> object:
            chosen = torch.randint(EXAMPLES, (BATCH,))
            batch = x[chosen].contiguous(memory_format=layout)
            adam.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(network(batch), y[chosen])
            loss.backward()  # type: ignore[no-untyped-call] # torch has no type for it
            adam.step()
            return loss.item()

        return {"training step": step}

    return prepare


ONE = {"FASTCONV_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# what our Solver asks of glibc by itself
KEPT = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(256 << 20)}
WITHOUT = {"HW5_FAST_LAYERS": "numpy"}

SUITES = {
    "layers": Suite(
        works=LAYERS,
        ours="compiled",
        contenders={
            "compiled": Contender(prepare=lambda root: _our_layers(_compiled(root))),
            "compiled, one thread": Contender(
                prepare=lambda root: _our_layers(_compiled(root)), environment=ONE
            ),
            "compiled, avx2": Contender(prepare=_instruction_set("avx2")),
            "compiled, baseline": Contender(prepare=_instruction_set("baseline")),
            "NumPy alone": Contender(prepare=lambda root: _our_layers(_support(root)), environment=WITHOUT),
            "plain im2col": Contender(prepare=_plain_numpy),
            "usual Cython im2col": Contender(prepare=_usual_cython),
            "torch": Contender(prepare=_torch(None)),
            "torch, one thread": Contender(prepare=_torch(1)),
            "torch, channels last": Contender(prepare=_torch(None, channels_last=True)),
        },
    ),
    "scaling": Suite(
        works=_scaling_works(),
        ours="compiled",
        contenders={"compiled": Contender(prepare=_our_scaled_layers)},
    ),
    "training": Suite(
        works=(_step_work(),),
        ours="compiled",
        contenders={
            "compiled": Contender(prepare=_our_step(_compiled)),
            "compiled, one thread": Contender(prepare=_our_step(_compiled), environment=ONE),
            "compiled, avx2": Contender(prepare=_our_step(_compiled, "avx2")),
            "compiled, baseline": Contender(prepare=_our_step(_compiled, "baseline")),
            "NumPy alone": Contender(prepare=_our_step(_support), environment=WITHOUT),
            "torch": Contender(prepare=_torch_step(None)),
            "torch, one thread": Contender(prepare=_torch_step(1)),
            "torch, channels last": Contender(prepare=_torch_step(None, channels_last=True)),
            "torch, pool first": Contender(prepare=_torch_step(None, pool_first=True)),
            "torch, channels last, pool first": Contender(
                prepare=_torch_step(None, channels_last=True, pool_first=True)
            ),
            "torch, those two, memory kept": Contender(
                prepare=_torch_step(None, channels_last=True, pool_first=True), environment=KEPT
            ),
        },
    ),
}
