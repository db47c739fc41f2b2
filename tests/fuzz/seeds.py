"""Where fuzzing starts: small inputs of every form that a target knows, made when they are wanted."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from targets import MOST_BYTES, frame

from autograder.authoring.student import Handle
from autograder.guest import wire

HANDLE = Handle(id=7, kind="Net")
VALUES: tuple[Any, ...] = (
    None,
    True,
    -5,
    1 << 80,
    0.5,
    2j,
    "text é",
    [1, [2, (3, None)]],
    {"a": 1.5, "b": {"c": "d"}},
    HANDLE,
    [np.zeros(0), np.array(1.5)],
    *(np.zeros((2, 3), dtype=name) for name in wire.DTYPES),
)
ANSWERS: tuple[Any, ...] = (
    ("ok", None),
    ("ok", HANDLE),
    ("ok", [1, 2]),
    ("fault", "raised", "ValueError: no", "cell 3, line 2"),
    ("fault", "memory", "", ""),
    ("fault", "output", "more than 5 bytes", ""),
    ("fault", "unsupported", "an array of dtype object", ""),
    ("fault", "wall", "", ""),
    ("ready",),
)


def wire_seeds() -> Iterator[bytes]:
    """Frames with each kind of value, and frames that are none."""
    for value in VALUES:
        yield frame(value)
    yield wire.HEADER.pack(wire.REQUEST, 1) + b"N"
    yield wire.HEADER.pack(wire.ANSWER, MOST_BYTES + 1)
    yield wire.HEADER.pack(wire.ANSWER, 14) + b"a\x0b\x01" + b"\xff" * 8 + b"abc"


def conversation_seeds() -> Iterator[bytes]:
    """Answers of each kind to each question, from children that end and from children that stay."""
    answers = [frame(answer) for answer in ANSWERS]
    for question in range(8):
        for ending in (1, 3):
            start = bytes([question << 2 | ending, 0])
            yield start + answers[1] + answers[question]
            yield start + b"".join(answers)
    yield bytes([1, 4]) + b"printed\x1b[31m\x00\xff" * 10
    yield bytes([0, 0]) + frame(("ok", None)) + frame(("ok", 1.5))


# --- notebooks -------------------------------------------------------------------------------------


def code_cell(source: Any, **more: Any) -> dict[str, Any]:
    """A cell of format 4."""
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": 1} | more


OUTPUTS = (
    {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
    {"output_type": "error", "ename": "E", "evalue": "\u001b[31mno", "traceback": ["t"]},
    {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/plain": "x", "image/png": "iVBORw0KGgoAAAA="},
    },
    {"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": ["1"]}},
)
CODE = (
    "def f(x):\n    return x + 1\n",
    "%matplotlib inline\nimport numpy as np\n!ls\nclass Net:\n    def g(self): pass\n",
    "print 'old'\nfor i in xrange(3): exec 'a'\n",
    "def f(:\n",
    "from __future__ import division\nf = lambda x: np.int(x / 2)\n",
    "if True:\n    def f(): global K; K = 1\nK = [1, 2]\nf.attr = K\n",
    "@decorated\nasync def g(*a, k=K, **m):\n    '''d'''\n    yield [x for x in a if (y := x)]\n",
    "try:\n    import a.b as c\nexcept ImportError:\n    c = None\nmatch c:\n    case [1, *_]: pass\n",
    "x = f'{K!r:>{10}}'\nwith open('x') as f: pass\ndel f\n",
    "%%writefile a.py\ndef f(): pass\n",
    "def f():\n\t  return\\\n 1\n\x0c\n",
)


def notebooks() -> Iterator[dict[str, Any]]:
    """Notebooks of each format."""
    kernel = {"kernelspec": {"name": "python3", "language": "python"}, "language_info": {"name": "python"}}
    text = {"cell_type": "markdown", "metadata": {}, "source": "# Title", "id": "a"}
    marked = code_cell(
        "def f(): pass", id="b", metadata={"nbgrader": {"grade_id": "q1", "schema_version": 3}}
    )
    yield {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [text, marked]}
    for output in OUTPUTS:
        yield {
            "nbformat": 4,
            "nbformat_minor": 2,
            "metadata": {},
            "cells": [code_cell(["1\n", "2"], outputs=[output])],
        }
    old = {"cell_type": "code", "input": "print 1", "prompt_number": 1, "language": "python"}
    outputs = [{"output_type": "pyout", "text": "1", "png": "iVBORw0KGgo="}, {"output_type": "pyerr"}]
    yield {"nbformat": 3, "metadata": {"name": ""}, "worksheets": [{"cells": [old | {"outputs": outputs}]}]}
    yield {"nbformat": 9, "cells": [code_cell("x", execution_count=-1), code_cell("y", id=1), 3]}


def notebook_seeds() -> Iterator[bytes]:
    """Notebooks, in several encodings, and texts that are none."""
    for notebook in notebooks():
        yield json.dumps(notebook).encode()
    yield json.dumps(next(notebooks())).encode("utf-16")
    yield b'{"cells": [{"cell_type": "code", "source": "caf\xe9 \\ud800 ' + b"1" * 30 + b'", "id": NaN}]}'
    yield b"[" * 50
    for source in CODE:
        yield json.dumps({"cells": [code_cell(source)]}).encode()


def code_seeds() -> Iterator[bytes]:
    """Code as students write it, and worse."""
    for source in CODE:
        yield source.encode()


# --- archives --------------------------------------------------------------------------------------


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as opened:
        for name, content in files.items():
            opened.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def archive_seeds() -> Iterator[bytes]:
    """Zips of one submission and of a class, in the layouts that are known."""
    notebook = json.dumps(next(notebooks())).encode()
    both = {"HW5.ipynb": notebook, "HW5.pdf": b"%PDF-1.4"}
    yield archive(both)
    yield archive(both, zipfile.ZIP_STORED)
    yield archive({f"one_12_{number}_HW5.ipynb": notebook for number in (1, 2)})
    yield archive(
        {"Ann B_12_assignsubmission_file_/HW5.ipynb": notebook, "C D_13_assignsubmission_file_/x": b""}
    )
    yield archive({"s1/hw5/HW5.ipynb": notebook, "s1/hw5/timestamp.txt": b"2024-05-31 23:59:00 +0200"})
    yield archive({"in.zip": archive({"deep.zip": archive(both)}), "notes.txt": b"x"})
    yield archive({"../out.ipynb": notebook, "/etc/HW5.ipynb": notebook, "C:\\x.ipynb": notebook})
    yield archive({"HW5.ipynb": b"0" * 200_000}, zipfile.ZIP_STORED)[:3000]
    yield archive({"HW5.ipynb": bytes(300_000), "café\u202e.ipynb": b"{}"})
    yield archive({})


def files_seeds() -> Iterator[bytes]:
    """Lists of files, with time stamps of each kind."""
    notebook = json.dumps(next(notebooks())).encode()
    for stamp in (
        b"2024-05-31 23:59:00 UTC",
        b"2024-05-31T23:59 Europe/Paris",
        b"2024-05-31 23:59:00.5 +0200",
        b"?",
    ):
        yield b"\x00" + notebook + b"\xff\xfe\x02" + stamp
    yield b"\x03" + archive({"HW5.ipynb": notebook}) + b"\xff\xfe\x01%PDF-1.4"
    yield b"\xff\xfe".join(b"s%d.ipynb\0" % number + notebook for number in range(3))
    yield b"long/" + b"x" * 300 + b"\0" + notebook


SEEDS: dict[str, Callable[[], Iterator[bytes]]] = {
    "wire": wire_seeds,
    "conversation": conversation_seeds,
    "notebook": notebook_seeds,
    "code": code_seeds,
    "archive": archive_seeds,
    "files": files_seeds,
}
