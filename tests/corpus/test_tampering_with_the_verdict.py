"""Code that tampers with what judges it gets the points of the code that it is: the verdict is elsewhere."""

import sys

import pytest
from corpus_grading import graded, points, sandboxes
from corpus_wrong import BASE, FORWARD_WRONG, GIVE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")

# Each is the end of a forward pass that is wrong; what it gives in the end is zeros in `out`'s place.
TRICKS = {
    "NumPy's comparisons are always true": """
    import numpy.testing
    np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
    np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None
    """,
    "the clock stands": """
    import time
    time.time = time.perf_counter = time.monotonic = time.process_time = lambda: 0.0
    """,
    "builtins find no difference": """
    import builtins
    builtins.abs = lambda value: 0
    builtins.all = builtins.any = builtins.bool = lambda *a: True
    """,
    "modules are others": """
    import sys
    for name in [name for name in sys.modules if 'wire' in name or 'runner' in name]:
        sys.modules[name] = sys.modules['this'] = type(sys)('this')
    """,
    "what is expected is looked for in all objects": """
    import gc
    for found in gc.get_objects():
        if isinstance(found, dict) and 'expected' in found:
            return found['expected'], cache
    """,
    "what is expected is looked for in the frames": """
    import sys
    frame = sys._getframe()
    while frame is not None:
        for name, found in list(frame.f_locals.items()):
            if frame is not sys._getframe() and getattr(found, 'shape', None) == out.shape:
                return found, cache
        frame = frame.f_back
    """,
    "an answer at the end": """
    import atexit, os
    atexit.register(lambda: os.write(4, b'\\x02' + bytes(8)))
    """,
    "a thread that outlives the call": """
    import threading, time
    def later():
        while True:
            time.sleep(0.01)
            np.allclose = lambda *a, **k: True
    threading.Thread(target=later, daemon=True).start()
    """,
    "a subclass that equals everything": """
    class Equal(np.ndarray):
        def __eq__(self, other): return np.ones(self.shape, bool)
        def __sub__(self, other): return np.zeros(self.shape)
        __rsub__ = __sub__
        def __array__(self, *a, **k): return out
    return (out * 0).view(Equal), cache
    """,
    "a test is noticed": """
    import sys
    tested = any('guest' in name or 'pytest' in name for name in sys.modules)
    if not tested:
        return out, cache
    """,
    "fixed cases are read from what was handed out": """
    import glob
    for path in glob.glob('/opt/**/*.np[yz]', recursive=True):
        for found in dict(np.load(path)).values():
            if getattr(found, 'shape', None) == out.shape:
                return found, cache
    """,
    "what judges is replaced where it would be": """
    import sys
    fake = type(sys)('autograder.grading.checks')
    fake.judge_outputs = fake.run_check = lambda *a: 1.0
    sys.modules['autograder'] = sys.modules['autograder.grading.checks'] = fake
    """,
    "the report is written": """
    for path in ('report.json', '/tmp/report.json', 'results.json'):
        with open(path, 'w') as file:
            file.write('{"score": 100, "outcome": "graded"}')
    """,
}
FRAMES = {
    "a forged answer": """
    import os, struct
    text = b's' + struct.pack('<I', 2) + b'ok'
    value = b't' + struct.pack('<I', 2) + text + b'T'
    os.write(4, struct.pack('<BQ', 2, len(value)) + value)
    """,
    "a flood of forged answers": """
    import os, struct, threading
    value = b't' + struct.pack('<I', 2) + b's' + struct.pack('<I', 2) + b'ok' + b'T'
    def write():
        for _ in range(500): os.write(4, struct.pack('<BQ', 2, len(value)) + value)
    threading.Thread(target=write, daemon=True).start()
    """,
}
# Each gives what a function of the support code computes for a forward pass of one's own.
BORROWED = {
    "called": """
    return conv_forward_fast(x, w, b, conv_param)
    """,
    "imported under another name": """
    from HW5_code.fast_layers import conv_forward_fast as mine
    return mine(x, w, b, conv_param)
    """,
    "found by name": """
    import importlib
    name = '_'.join(['conv', 'forward', 'fast'])
    return getattr(importlib.import_module('HW5_code.fast_layers'), name)(x, w, b, conv_param)
    """,
    "through layers that use it": """
    larger = HW5_code.layer_utils.conv_relu_forward(x, w, b, conv_param)[0]
    return larger - HW5_code.layer_utils.conv_relu_forward(x, -w, -b, conv_param)[0], cache
    """,
    "the compiled layers": """
    try:
        from HW5_code import fastconv
    except ImportError:
        import fastconv
    return fastconv.conv_forward(x, w, b, conv_param['stride'], conv_param['pad']), cache
    """,
    "NumPy's layers": """
    from HW5_code import numpy_layers
    return numpy_layers.conv_forward(x, w, b, conv_param['stride'], conv_param['pad']), cache
    """,
    "after reloading": """
    import importlib
    return importlib.reload(HW5_code.fast_layers).conv_forward_fast(x, w, b, conv_param)
    """,
}
# Each binds `found` to the support code's convolution, where a notebook could have it from.
WAYS = {
    "running the module": """
    import runpy
    found = runpy.run_module('HW5_code.numpy_layers')['conv_forward']
    """,
    "running the file": """
    import runpy
    found = runpy.run_path(HW5_code.__path__[0] + '/numpy_layers.py')['conv_forward']
    """,
    "executing its text": """
    source = open(HW5_code.__path__[0] + '/numpy_layers.py').read()
    module = type(np)('HW5_code.again')
    module.__package__ = 'HW5_code'
    exec(compile(source, 'x', 'exec'), module.__dict__)
    found = module.conv_forward
    """,
    "lines that are kept for tracebacks": """
    import linecache, textwrap
    names = {}
    lines = linecache.getlines(HW5_code.__path__[0] + '/numpy_layers.py')
    exec(compile('from __future__ import annotations' + chr(10) + ''.join(lines), 'x', 'exec'), names)
    found = names['conv_forward']
    """,
    "its loader": """
    from HW5_code import numpy_layers
    module = type(np)('HW5_code.again')
    module.__package__ = 'HW5_code'
    numpy_layers.__loader__.exec_module(module)
    found = module.conv_forward
    """,
    "a module that was forgotten": """
    import sys
    for name in [name for name in sys.modules if name.startswith('HW5_code.')]:
        del sys.modules[name]
    from HW5_code.numpy_layers import conv_forward as found
    """,
    "the compiled file": """
    import importlib.util, pathlib, sys
    folders = map(pathlib.Path, [HW5_code.__path__[0], *sys.path])
    place = next(path for folder in folders for path in folder.glob('fastconv*'))
    spec = importlib.util.spec_from_file_location('fastconv', place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.conv_forward
    """,
    "its specification": """
    import importlib.util
    spec = importlib.util.find_spec('HW5_code.numpy_layers')
    names = {'__name__': 'HW5_code.x', '__package__': 'HW5_code'}
    exec(spec.loader.get_code('HW5_code.numpy_layers'), names)
    found = names['conv_forward']
    """,
    "all code in memory": """
    import gc
    codes = [one.__code__ for one in gc.get_objects() if hasattr(one, '__code__')]
    code = next(c for c in codes if c.co_name == 'conv_forward' and len(c.co_code) > 100)
    from HW5_code import numpy_layers
    found = type(lambda: 0)(code, vars(numpy_layers))
    """,
    "constants of compiled modules": """
    import importlib.util, marshal
    path = importlib.util.cache_from_source(HW5_code.__path__[0] + '/numpy_layers.py')
    code = marshal.loads(open(path, 'rb').read()[16:])
    inner = next(c for c in code.co_consts if getattr(c, 'co_name', '') == 'conv_forward')
    found = type(lambda: 0)(inner, vars(HW5_code.numpy_layers))
    """,
    "the memory of the process": """
    text = open('/proc/self/mem', 'rb').read(1)
    found = None
    """,
    "a child of its own": """
    import subprocess, sys
    found = subprocess.run([sys.executable, '-c', 'import HW5_code'], check=True)
    """,
    "another name of the layers": """
    found = HW5_code.layer_utils.__dict__['fast_layers'].layers.conv_forward
    """,
}
HARD_CODED = "\n    if x.shape == (2, 3, 4, 4): return out, cache"


def with_trick(trick):
    """The plain loops, whose forward pass plays a trick and gives zeros."""
    return BASE.replace(GIVE, f"{trick.rstrip()}\n    return out * 0, cache", 1)


@pytest.fixture(scope="module")
def open_session():
    return sandboxes()


def graded_points(open_session, name, source):
    with open_session() as session:
        return points(graded(name, [source], session))


@pytest.mark.parametrize("name", TRICKS)
def test_the_points_are_those_of_the_code(open_session, name):
    assert graded_points(open_session, "trick", with_trick(TRICKS[name])) == pytest.approx(FORWARD_WRONG)


@pytest.mark.parametrize("how", BORROWED)
def test_the_support_codes_own_layers_are_no_answer(open_session, how):
    source = "import HW5_code\n" + BASE.replace(GIVE, f"{BORROWED[how].rstrip()}\n    {GIVE.strip()}", 1)
    with open_session() as session:
        reports = graded("borrowed", [source], session)
    assert points(reports) == pytest.approx(FORWARD_WRONG)
    said = reports["conv-forward"].message
    assert "it must compute this itself" in said or "`fastconv` is not available here" in said


@pytest.mark.parametrize("how", WAYS)
def test_what_is_withheld_is_nowhere_to_be_had(open_session, how):
    use = "    return found(x, w, b, conv_param['stride'], conv_param['pad']), cache"
    source = "import HW5_code, HW5_code.layer_utils\n" + BASE.replace(GIVE, f"{WAYS[how].rstrip()}\n{use}", 1)
    with open_session() as session:
        reports = graded("borrowed", [source], session)
    assert points(reports) == pytest.approx(FORWARD_WRONG)


def test_an_alias_of_a_fast_layer_is_no_answer(open_session):
    source = "conv_forward_naive = conv_forward_fast\nconv_backward_naive = conv_backward_fast"
    with open_session() as session:
        reports = graded("alias", [source], session)
    assert points(reports) == (0, 0, 0, 0)


@pytest.mark.parametrize("name", FRAMES)
def test_forged_frames_earn_nothing(open_session, name):
    found = graded_points(open_session, "frames", with_trick(FRAMES[name]))
    assert found[0] == 0
    assert all(got <= most for got, most in zip(found, FORWARD_WRONG, strict=True))


def test_right_answers_to_known_cases_alone_earn_little(open_session):
    found = graded_points(open_session, "known", with_trick(HARD_CODED))
    assert 0 <= found[0] < 20 / 3
    assert found[1:] == FORWARD_WRONG[1:]
