"""Honest homework code works inside as it does outside."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest
from inside import LIMITS, definitions, run

from autograder.authoring.student import FaultKind, Session
from autograder.sandbox import Policy, open_session

ROOMY = msgspec.structs.replace(LIMITS, memory_mb=1024, tmp_mb=16)
WORKS: dict[str, tuple[str, Any]] = {
    "linear algebra": (
        "a = np.eye(40) * 2; u, s, v = np.linalg.svd(a); q, r = np.linalg.qr(a)\n"
        "    return float(np.linalg.solve(a, np.ones(40)).sum() + np.linalg.eigvalsh(a).max() + s.min())",
        24.0,
    ),
    "a Fourier transform": (
        "x = np.arange(64.0); return bool(np.allclose(np.fft.ifft(np.fft.fft(x)).real, x))",
        True,
    ),
    "einsum, windows and sorting": (
        "w = np.lib.stride_tricks.sliding_window_view(np.arange(25.0).reshape(5, 5), (3, 3))\n"
        "    return float(np.sort(np.einsum('ijkl->ij', w), axis=None)[-1])",
        162.0,
    ),
    "random numbers": (
        "np.random.seed(1); a = np.random.randn(3); np.random.seed(1)\n"
        "    return bool((a == np.random.randn(3)).all()) and 0 <= np.random.default_rng(0).random() < 1",
        True,
    ),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "    with ThreadPoolExecutor(3) as pool: return sum(pool.map(abs, range(-9, 0)))",
        45,
    ),
    "warnings": (
        "import warnings; warnings.warn('careful'); np.float32(1) / np.float32(0); return 'went on'",
        "went on",
    ),
    "a progress bar that is not installed": (
        "from tqdm.auto import tqdm, trange\n"
        "    with tqdm(total=3, desc='images') as bar: bar.update(2); bar.set_postfix(loss=1); bar.close()\n"
        "    return bar.n, len(tqdm([1, 2])), sum(tqdm(range(4), leave=False)), list(trange(1, 3))",
        (2, 2, 6, [1, 2]),
    ),
    "IPython's display": (
        "from IPython.display import HTML, clear_output, display; from IPython import get_ipython\n"
        "    clear_output(wait=True); display(HTML('<b>1</b>'), 'image 1'); get_ipython().magic('time')\n"
        "    import IPython; return hasattr(IPython.display, '__wrapped__')",
        False,
    ),
    "prints": ("[print('epoch', n) for n in range(50)]; return 1", 1),
    "progress on standard error": (
        "[(sys.stderr.write('\\r%d %%' % n), sys.stderr.flush()) for n in range(100)]; return 1",
        1,
    ),
    "deep recursion that ends": (
        "sys.setrecursionlimit(20000)\n    def f(n): return n and 1 + f(n - 1)\n    return f(9000)",
        9000,
    ),
    "large temporaries within the limit": (
        "t = [np.ones(1 << 24).sum() for _ in range(4)]; return float(sum(t))",
        float(1 << 26),
    ),
    "a file of its own": (
        "np.savez('w.npz', a=np.arange(3)); open('log.txt', 'a').write('x')\n"
        "    return int(np.load('w.npz')['a'].sum()), sorted(os.listdir('.'))",
        (3, ["log.txt", "w.npz"]),
    ),
    "a folder and a temporary file": (
        "import tempfile; os.makedirs('a/b', exist_ok=True)\n"
        "    with tempfile.NamedTemporaryFile() as f: f.write(b'x')\n    return os.listdir('a')",
        ["b"],
    ),
    "a clock and a date": (
        "import datetime; t = time.perf_counter(); time.sleep(0.01)\n"
        "    return time.perf_counter() > t and datetime.datetime.now().year > 2000",
        True,
    ),
    "a package that is optional": (
        "try:\n        import numba\n    except ImportError: return 'plain NumPy'",
        "plain NumPy",
    ),
    "pickles of its own": ("import pickle; return pickle.loads(pickle.dumps({'a': [1]}))", {"a": [1]}),
}


@pytest.mark.parametrize("name", WORKS)
def test_works(session: Session, name: str) -> None:
    body, wanted = WORKS[name]
    assert run(session, f"def attack():\n    {body}", limits=ROOMY) == wanted


def test_output_is_kept_and_is_no_fault(session: Session) -> None:
    source = "def attack():\n    print('loss 1.5'); sys.stderr.write('10 %'); return 3"
    with session.student(definitions(source), LIMITS) as student:
        assert student.call("attack") == 3
        assert student.printed().text == "loss 1.5\n10 %"


def test_input_is_an_end_of_file_with_a_sentence(session: Session) -> None:
    fault = run(session, "def attack(): return int(input('size? '))")
    assert fault.kind is FaultKind.RAISED
    assert fault.message.startswith("Your code waits for input (line 1 of `attack`); nobody is there to type")


def test_magics_do_nothing(session: Session) -> None:
    source = """
    get_ipython().run_line_magic('matplotlib', 'inline')
    get_ipython().run_line_magic('load_ext', 'autoreload')
    def attack(): return 1
    """
    assert run(session, source) == 1


@pytest.fixture(scope="module")
def equipped(walls: None) -> Iterator[Session]:
    """A sandbox with those packages that are installed here."""
    wanted = [name for name in ("scipy", "matplotlib") if importlib.util.find_spec(name)]
    with open_session(Policy(imports=("numpy", *wanted))) as opened:
        yield opened


def test_scipy_s_signals(equipped: Session) -> None:
    pytest.importorskip("scipy")
    source = """
    from scipy import signal
    def attack(): return signal.correlate2d(np.ones((4, 4)), np.ones((2, 2)), mode='valid')
    """
    np.testing.assert_array_equal(run(equipped, source, limits=ROOMY), np.full((3, 3), 4.0))


def test_a_figure_is_drawn_off_screen(equipped: Session) -> None:
    pytest.importorskip("matplotlib")
    source = """
    import matplotlib.pyplot as plt
    def attack():
        plt.imshow(np.random.rand(8, 8)); plt.title('filters'); plt.savefig('f.png'); plt.show()
        return os.path.getsize('f.png') > 1000
    """
    slow = msgspec.structs.replace(ROOMY, cpu_seconds=20, wall_seconds=60)
    assert run(equipped, source, limits=slow) is True
