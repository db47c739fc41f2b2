"""Find names that only older versions of NumPy and Python had, and Python 2: using them is no mistake."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

import numpy as np

from autograder.assignment import CompatSpec
from autograder.extract.binding import Bound, Code
from autograder.extract.code import parse
from autograder.extract.effects import nodes
from autograder.model import Chunk, Notebook, Notice

_FORMER = """
    int float bool object complex str long unicode float_ complex_ Inf Infinity infty NaN NAN
    product cumproduct alltrue sometrue row_stack in1d trapz asscalar
"""
# without the names that NumPy has again (`np.bool` came back)
_NUMPY = frozenset(_FORMER.split()).difference(vars(np))
_PYTHON2 = frozenset({"xrange", "raw_input", "unicode", "long", "basestring", "unichr", "reduce"})
# Parsing is slow, and few submissions have any of these words.
_SUSPECT = re.compile(rf"\b(?:{'|'.join(sorted(_NUMPY | _PYTHON2))}|newshape|lib\s*\.\s*pad)\b")
# Methods without arguments, and modules, that only Python 2 has.
_METHODS = frozenset({"iteritems", "itervalues", "iterkeys"})
_MODULES = frozenset({"cPickle", "urllib2", "StringIO", "ConfigParser", "Queue", "__builtin__"})
# Syntax that Python 2 can't read.
_TODAY = (
    ast.JoinedStr, ast.AnnAssign, ast.Nonlocal, ast.NamedExpr, ast.MatMult, ast.AsyncFunctionDef,
    ast.Await, ast.YieldFrom, ast.Match,
)  # fmt: skip


def python2(notebook: Notebook, notices: Sequence[Notice], code: Code, chosen: Sequence[Bound]) -> str:
    """Name the evidence that a notebook is written for Python 2, or give an empty string.

    `notices` are those of its parsing. A statement that runs and that Python 2 can't read is evidence against
    it.
    """
    own = (one.statement for one in chosen if one.statement.source not in code.given)
    if any(_is_of_today(statement.node) for statement in own):
        return ""
    if notebook.language == "python2":
        return "its kernel"
    old = next((notice.where for notice in notices if notice.code == "python2"), None)
    return f"the statement in {old}" if old else next(_old_words(code), "")


def _is_of_today(node: ast.stmt) -> bool:
    return any(
        isinstance(inner, _TODAY)
        or (isinstance(inner, ast.arg) and inner.annotation is not None)
        or (isinstance(inner, ast.arguments) and inner.kwonlyargs)
        for inner in nodes(node)
    )


def _old_words(code: Code) -> Iterator[str]:
    """Name the words by which the notebook is Python 2, with their places."""
    for word in sorted(_PYTHON2 | _METHODS | _MODULES | {"has_key"}):
        for index in code.mentioning(word):
            one = code.bound(index).statement
            if _is_old_word(word, one.node) and not (word in _PYTHON2 and code.binders(word)):
                yield f"`{word}` in {one.cell.label}, line {one.line}"


def _is_old_word(word: str, statement: ast.stmt) -> bool:
    if word in _MODULES:  # not inside `try`: there it stands beside today's module
        imports = statement.names if isinstance(statement, ast.Import) else ()
        return any(alias.name == word for alias in imports)
    if word in _PYTHON2:
        return any(name == word for name, _ in _found(statement, set()))
    calls = (node for node in nodes(statement) if isinstance(node, ast.Call))
    methods = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == word)
    return any(word == "has_key" or not call.args for call in methods)


def of_python2(evidence: str, chunks: Sequence[Chunk]) -> dict[str, Notice]:
    """Give the key by which the sandbox emulates Python 2, and a notice with the first division."""
    lines = ((chunk, node.lineno) for chunk in chunks for node in _divisions(chunk))
    chunk, line = next(lines, (None, 0))
    message = f"The notebook is written for Python 2 ({evidence}), and was run with that meaning."
    where = f"cell {chunk.cell}, line {chunk.line + line - 1}" if chunk else ""
    if where:
        message += f" There `/` ({where}) divides whole numbers to a whole number; today write `//`."
    return {"python2": Notice(code="old-habit", message=message, where=where)}


def _divisions(chunk: Chunk) -> Iterator[ast.BinOp | ast.AugAssign]:
    tree = parse(chunk.source) if "/" in chunk.source else ""
    for node in nodes(tree) if isinstance(tree, ast.Module) else ():
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield node


def old_names(chunks: Sequence[Chunk], compat: CompatSpec) -> dict[str, Notice]:
    """Find the emulated old names in the chunks' code, sorted, with a notice for each."""
    suspect = [chunk for chunk in chunks if _SUSPECT.search(chunk.source) or "numpy" in chunk.source]
    trees = [(chunk, tree) for chunk in suspect if isinstance(tree := parse(chunk.source), ast.Module)]
    modules = {"np", "numpy"}.union(*(_numpy_names(tree) for _, tree in trees))
    own = {name for chunk in chunks for name in chunk.names}
    places: dict[str, str] = {}
    for chunk, tree in trees:
        for name, line in _found(tree, modules):
            emulated = compat.numpy_aliases if name.startswith("np.") else compat.python2
            if emulated == "emulate" and name not in own:
                places.setdefault(name, f"cell {chunk.cell}, line {chunk.line + line - 1}")
    return {name: _notice(name, places[name]) for name in sorted(places)}


def _numpy_names(tree: ast.Module) -> set[str]:
    """Give the names by which the code calls NumPy."""
    imports = (alias for node in nodes(tree) if isinstance(node, ast.Import) for alias in node.names)
    return {alias.asname or alias.name for alias in imports if alias.name == "numpy"}


def _found(tree: ast.AST, modules: set[str]) -> Iterator[tuple[str, int]]:
    """Find the old names in one statement, with their lines in it."""
    stored = {n.id for n in nodes(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    stored |= {n.arg for n in nodes(tree) if isinstance(n, ast.arg)}
    for node in nodes(tree):
        match node:
            case ast.Name(id=name) if name in _PYTHON2 and name not in stored:
                yield name, node.lineno
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules and name in _NUMPY:
                yield f"np.{name}", node.lineno
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=module), attr="lib"), attr="pad"):
                if module in modules:
                    yield "np.lib.pad", node.lineno
            case ast.Call(func=ast.Attribute(attr="reshape"), keywords=keywords):
                if any(keyword.arg == "newshape" for keyword in keywords):
                    yield "np.reshape.newshape", node.lineno


def _notice(name: str, where: str) -> Notice:
    home = "NumPy" if name.startswith("np.") else "Python"
    message = f"`{name}` ({where}) is gone from today's {home}; it was put back for grading. Replace it."
    return Notice(code="old-habit", message=message, where=where)
