"""Run a notebook's definitions, and name the place of an error in the notebook."""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
import linecache
import operator
import re
import sys
import traceback
import types
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NoReturn

from .python2 import NAMES, compile_old
from .withheld import Withheld

MAX_MESSAGE = 2000
MAX_FRAMES = 12
_FUTURE = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)
# Characters of a line of code in a message.
MAX_QUOTED = 80
_DEFINITION = re.compile(r"(?:async\s+)?(?:def|class)\s+(\w+)")
# The first characters of lines that do not start a statement of a cell: they go on with one.
_INSIDE = ("", " ", "\t", "\n", "#", ")", "]", "}")


class Missing(Exception):
    """A name that is not bound; the text says why."""


class Stub:
    """Stands for IPython's shell, which does not run here; every call and attribute gives it again."""

    def __getattr__(self, name: str) -> Stub:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Stub:
        """Do nothing."""
        return self

    def getoutput(self, command: str, *_: Any, **__: Any) -> NoReturn:
        """Raise an error: no program is run."""
        raise RuntimeError(f"`{command}` is not run here: write the value that it gives into the code")


def file_name(cell: int) -> str:
    """Name a cell in tracebacks; 0 is the code that the assignment runs before a notebook."""
    return f"<cell {cell}>" if cell else "<set-up>"


def show_nothing(*_: Any, **__: Any) -> None:
    """Stand for IPython's `display`, and for all that shows progress."""


def _leave(status: object = None) -> NoReturn:
    """Stand for `exit` and `quit`, which only an interactive Python has."""
    raise SystemExit(status)


def _await(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Run a statement that awaits at the top level, as a notebook may; nothing else runs meanwhile."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        return


def text_of(error: BaseException) -> str:
    """Give "Type: text" of an exception, capped, whatever its `__str__` does."""
    try:
        text = str(error)
    except BaseException:
        text = "(its text can't be shown)"
    name = type(error).__name__
    return f"{name}: {text[:MAX_MESSAGE]}" if text else name


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    walked = traceback.walk_tb(error.__traceback__)
    wanted = [(f, n) for f, n in walked if f.f_code.co_filename.startswith(("<cell ", "<set-up>"))]
    if len(wanted) > 2 * MAX_FRAMES:
        wanted = wanted[:MAX_FRAMES] + wanted[-MAX_FRAMES:]
    return list(traceback.StackSummary.extract(iter(wanted), lookup_lines=True))


def place_of(error: BaseException) -> str:
    """Give the place of an error, as " (line 3 of `f`)"; empty if it is in no cell."""
    frames = _own_frames(error)
    return f" ({_place(frames[-1].filename, frames[-1].lineno or 1)})" if frames else ""


def _place(name: str, line: int) -> str:
    """Name a line by its definition, or by its cell's first line, since Jupyter does not number cells."""
    lines = linecache.getlines(name)[:line]
    start = next((at for at in range(len(lines), 0, -1) if lines[at - 1][:1] not in _INSIDE), 1)
    defined = _DEFINITION.match(lines[start - 1]) if lines else None
    if defined:
        return f"line {line - start + 1} of `{defined.group(1)}`"
    first = next((text.strip() for text in lines if text.strip()), "")
    return f"line {line} of the cell with `{first[:MAX_QUOTED]}`" if first else name.strip("<>")


def describe(error: BaseException) -> str:
    """Give one line: the error and its place."""
    place = error.filename or "" if isinstance(error, SyntaxError) else ""
    if isinstance(error, SyntaxError) and place.startswith("<cell "):
        version = "Python {}.{}".format(*sys.version_info)
        return f"{type(error).__name__} in {version}: {error.msg} ({_place(place, error.lineno or 1)})"
    where = place_of(error)
    if isinstance(error, EOFError) and str(error) == "EOF when reading a line":
        return f"your code waits for input{where}; nobody is there to type: write the value into the code."
    if isinstance(error, SystemExit):
        return f"your code ends the whole program{where}: a function ends with `return`, without `exit()`."
    if isinstance(error, Withheld):
        return f"your code calls `{error.name}`{where}: it must compute this itself."
    frames = _own_frames(error)
    code = (frames[-1].line or "")[:MAX_QUOTED] if frames else ""
    return text_of(error) + (f"{where[:-1]}: `{code}`)" if code else where)


def quote(error: BaseException) -> str:
    """Give the traceback's frames that are in the notebook, and the error."""
    return "".join(traceback.format_list(_own_frames(error))) + text_of(error)


def _has_annotations(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.AnnAssign() | ast.arg(annotation=ast.expr()) | ast.FunctionDef(returns=ast.expr()):
                return True
    return False


class Namespace:
    """The names that a notebook's chunks have bound, and why others are missing.

    `explain` describes an exception of a chunk in one line.
    """

    def __init__(self, explain: Callable[[BaseException], str] = describe) -> None:
        self._explain = explain
        # a real module with this name, since dataclasses and pickle look up names in it
        self._module = types.ModuleType("__main__")
        self._failed: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}
        self._flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._is_old = False

    def run(self, chunks: Sequence[Mapping[str, Any]], python2: bool = False) -> None:
        """Run the chunks in order; if one raises, only its own names are missing.

        If `python2` is true, the notebook's code means what it did in Python 2.
        """
        stubs = {"get_ipython": Stub, "display": show_nothing, "exit": _leave, "quit": _leave}
        vars(self._module).update(stubs)
        if python2:
            vars(self._module).update(NAMES)
        self._is_old = python2
        sys.modules["__main__"] = self._module
        for chunk in chunks:
            self._run(chunk)

    def _run(self, chunk: Mapping[str, Any]) -> None:
        name, line = file_name(chunk["cell"]), chunk["line"]
        self._remember(name, line, chunk["source"])
        source = "\n" * (line - 1) + chunk["source"]
        try:
            self._execute(source, name, self._is_old and chunk["cell"] > 0)
        except BaseException as error:
            why = self._explain(error) + self.reason(error)
            self._failed.update(dict.fromkeys(chunk["names"], why))
        else:
            for bound in chunk["names"]:
                self._failed.pop(bound, None)

    def _execute(self, source: str, name: str, is_old: bool) -> None:
        """Run a statement; if it fails, run it again without evaluating its annotations."""
        try:
            self._execute_with(self._flags, source, name, is_old)
        except Exception as error:
            without = self._flags | __future__.annotations.compiler_flag
            if isinstance(error, SyntaxError) or without == self._flags or not _has_annotations(source):
                raise
            try:
                self._execute_with(without, source, name, is_old)
            except Exception:
                raise error from None
            print(f"An annotation{place_of(error)} has no value and was left as text: {text_of(error)}")

    def _execute_with(self, flags: int, source: str, name: str, is_old: bool) -> None:
        if is_old:
            # `from __future__ import division` has bound this name, but sets no flag in Python 3
            divides = vars(self._module).get("division") is not __future__.division
            code = compile_old(source, name, flags, divides)
        else:
            code = compile(source, name, "exec", flags, dont_inherit=True)
        # a notebook's `from __future__ import …` applies to all code below it
        self._flags |= code.co_flags & _FUTURE
        if code.co_flags & inspect.CO_COROUTINE:
            _await(eval(code, vars(self._module)))
        else:
            exec(code, vars(self._module))

    def _remember(self, name: str, line: int, source: str) -> None:
        """Let tracebacks quote the student's own lines."""
        lines = self._lines.setdefault(name, [])
        wanted = source.splitlines(keepends=True)
        lines += ["\n"] * (line - 1 + len(wanted) - len(lines))
        lines[line - 1 : line - 1 + len(wanted)] = wanted
        linecache.cache[name] = (sum(map(len, lines)), None, lines, name)

    def reason(self, error: BaseException) -> str:
        """Say why the name of a NameError is missing, as the end of a sentence; empty if unknown."""
        name = error.name if isinstance(error, NameError) else None
        why = self._failed.get(name) if name else None
        return f", since its definition failed: {why}" if why else ""

    def find(self, name: str) -> Any:
        """Give the object of that name; if there is none, raise `Missing` with a sentence for the student."""
        names = vars(self._module)
        if name in names:
            return names[name]
        if name in self._failed:
            raise Missing(f"`{name}` is not there: its definition failed: {self._failed[name]}")
        raise Missing(f"`{name}` is not defined in the notebook")
