"""A training step needs little more memory than its activations."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parents[2] / "source" / "hw5"
STEP = """
import resource
import numpy as np
from HW5_code import fast_layers, layer_utils, layers

N, F, H, M = 200, 32, 32, 100
x = np.ones((N, 3, H, H), dtype=np.float32)
w1, b1 = np.ones((F, 3, 7, 7), dtype=np.float32), np.zeros(F, dtype=np.float32)
w2, b2 = np.ones((F * H * H // 4, M), dtype=np.float32), np.zeros(M, dtype=np.float32)

def step():
    conv, pool = {"stride": 1, "pad": 3}, {"pool_height": 2, "pool_width": 2, "stride": 2}
    pooled, conv_cache = layer_utils.conv_relu_pool_forward(x, w1, b1, conv, pool)
    hidden, fc_cache = layer_utils.fc_relu_forward(pooled, w2, b2)
    dpooled, dw2, _ = layer_utils.fc_relu_backward(hidden, fc_cache)
    layer_utils.conv_relu_pool_backward(dpooled, conv_cache, need_dx=False)
    return pooled.nbytes + hidden.nbytes

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

fast_layers.conv_forward_fast(x[:1], w1, b1, {"stride": 1, "pad": 3})
before = peak()
activations = step()
step()
print(fast_layers.BACKEND, peak() - before, activations)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is counted in Linux's units")
def test_a_step_needs_its_activations_and_little_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STEP], cwd=SUPPORT, capture_output=True, text=True, check=True
    )
    backend, grown, activations = done.stdout.split()
    assert backend == "cython"
    assert int(grown) <= int(activations) + (64 << 20)


FAULTS = """
import resource
import numpy as np
from HW5_code import solver

class Sums:
    def __init__(self):
        self.params = {"w": np.zeros((8192, 100), dtype=np.float32)}

    def loss(self, X, y=None):
        w = self.params["w"]
        hidden = X @ w.T
        return np.sum(w * w), {"w": hidden.T @ X + 0.1 * w}

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

x = np.ones((200, 100), dtype=np.float32)
data = {"X_train": x, "y_train": x[:, 0], "X_val": x, "y_val": x[:, 0]}
made = solver.Solver(Sums(), data, "adam")
for _ in range(3):
    made._step()
before = faults()
for _ in range(10):
    made._step()
print((faults() - before) // 10)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is asked to keep freed memory")
@pytest.mark.skipif("FASTCONV_UNDER_TEST" in os.environ, reason="a sanitizer has an allocator of its own")
def test_a_step_asks_for_no_new_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], cwd=SUPPORT, capture_output=True, text=True, check=True
    )
    # without it: some 1,500 pages, those of the arrays that are as large as the weights
    assert int(done.stdout) < 100
