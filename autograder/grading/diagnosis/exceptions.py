"""Name mistakes that any Python code may have: by the exception that ended a call, or by an output's form.

An exception has a name only where the message, and for floats the code, leave one reading.
"""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from autograder.authoring.student import FaultKind, StudentFault, Value
from autograder.model import NOT_WRITTEN, Definitions, Struct

_FLOAT = re.compile(
    r"^(Type|Index)Error: .*('(numpy\.)?float\d*' object cannot be interpreted as an integer"
    r"|slice indices must be integers|only integers, slices|of type '(numpy\.)?float\d*'"
    r"|must be of integral type|integer argument expected, got float)"
)
_NO_NAME = re.compile(r"^NameError: name '(\w+)' is not defined")
_NO_VALUE = re.compile(r"^UnboundLocalError: .*variable '(\w+)'")
_UNPACKED = re.compile(
    r"^ValueError: (?:not enough|too many) values to unpack \(expected (?:at least )?(\d+)"
)
_NOT_WRITTEN = re.compile(r"^NotImplementedError")
_OTHER_ARGUMENTS = re.compile(
    r"^TypeError: ([\w.<>]+)\(\) (takes .*positional arguments? but|missing \d+ required|got an unexpected)"
)
_NO_ATTRIBUTE = re.compile(
    r"^AttributeError: '(int|float|list|tuple|dict|str|NoneType)' object has no attribute '(\w+)'"
)
_TOO_LARGE = re.compile(r"^IndexError: index (\d+) is out of bounds for axis \d+ with size ([1-9]\d*)")
# NumPy's functions whose results are floats even where they are whole.
_GIVE_FLOATS = {"floor", "ceil", "trunc", "rint", "round", "around", "divide", "true_divide", "linspace"}


class Told(Struct):
    """The name of a mistake that shows in an exception or an output's form, and a sentence about it."""

    id: str
    sentence: str


def told_by_fault(fault: StudentFault, code: Definitions, given: Definitions) -> Told | None:
    """Name the mistake behind a call that did not return.

    Parameters
    ----------
    fault : StudentFault
        The end of the call.
    code, given : Definitions
        The submission's code, and the release's.
    """
    if fault.kind is FaultKind.MISSING:
        return Told(id="definition-missing", sentence="A check calls the function by its name.")
    if fault.kind is not FaultKind.RAISED:
        return None
    for pattern, tell in _READINGS:
        if (found := pattern.match(fault.message)) is not None:
            return tell(found, code, given)
    return _told_by_attribute(fault)


def _tell_float(_: re.Match[str], code: Definitions, given: Definitions) -> Told | None:
    given_sources = {chunk.source for chunk in given.chunks}
    if not any(_makes_floats(c.source) for c in code.chunks if c.source not in given_sources):
        return None
    return Told(
        id="float-for-whole-number",
        sentence="A size or an index is a float: `/` gives 1.5 or 2.0, `//` gives whole numbers.",
    )


@functools.lru_cache(maxsize=64)
def _makes_floats(source: str) -> bool:
    return any(
        (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
        or (isinstance(node, ast.Attribute) and node.attr in _GIVE_FLOATS)
        for node in _nodes(source)
    )


def _nodes(source: str) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return


def _tell_no_name(found: re.Match[str], code: Definitions, _: Definitions) -> Told:
    name = found.group(1)
    owner = next((one for chunk in code.chunks if (one := _owner(chunk.source, name))), "")
    if "since its definition failed" in found.string:
        sentence = f"The definition of `{name}` fails first: mend that one."
    elif name in sys.stdlib_module_names:
        sentence = f"`{name}` is a module: the notebook has to import it."
    elif owner:
        sentence = f"`{name}` is a variable of `{owner}`, and other functions don't see it."
    else:
        sentence = f"Nothing in the notebook has the name `{name}`."
    return Told(id="name-not-defined", sentence=sentence)


@functools.lru_cache(maxsize=64)
def _owner(source: str, name: str) -> str:
    """Give the function in which a name is a variable; empty for none."""
    functions = (node for node in _nodes(source) if isinstance(node, ast.FunctionDef))
    for function in functions:
        names = (node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name)
        if any(isinstance(node.ctx, ast.Store) for node in names):
            return function.name
    return ""


def _tell_no_value(found: re.Match[str], _: Definitions, __: Definitions) -> Told:
    sentence = f"`{found.group(1)}` has no value yet: in this case no line before this one sets it."
    return Told(id="no-value-yet", sentence=sentence)


def _tell_unpacked(found: re.Match[str], _: Definitions, __: Definitions) -> Told:
    sentence = f"{found.group(1)} names stand before the `=`, and there is another number of values."
    return Told(id="unpacked-into-other-names", sentence=sentence)


def _tell_not_written(_: re.Match[str], __: Definitions, ___: Definitions) -> Told:
    return Told(id=NOT_WRITTEN, sentence="Not written yet: the code raises `NotImplementedError`.")


def _tell_other_arguments(found: re.Match[str], code: Definitions, _: Definitions) -> Told | None:
    owner, _dot, name = found.group(1).rpartition(".")
    if not any(re.search(rf"\bdef {name}\b", chunk.source) for chunk in code.chunks):
        return None  # NumPy's functions raise under names that nobody wrote
    sentence = f"`{name}` is called with other arguments than its `def` line has."
    if owner and not owner.endswith("<locals>"):
        sentence += f" It is a method of `{owner}`: the first argument is `self`, which no call writes."
    return Told(id="other-arguments", sentence=sentence)


_READINGS: tuple[tuple[re.Pattern[str], Callable[..., Told | None]], ...] = (
    (_FLOAT, _tell_float),
    (_NO_NAME, _tell_no_name),
    (_NO_VALUE, _tell_no_value),
    (_UNPACKED, _tell_unpacked),
    (_NOT_WRITTEN, _tell_not_written),
    (_OTHER_ARGUMENTS, _tell_other_arguments),
)


def _told_by_attribute(fault: StudentFault) -> Told | None:
    """Name a variable that holds no array, where the line has one variable with that attribute."""
    found = _NO_ATTRIBUTE.match(fault.message)
    if found is None:
        return None
    kind, attribute = found.groups()
    line = fault.traceback.splitlines()[-2:-1]
    names = set(re.findall(rf"(?<![\w.])(\w+)\.{attribute}\b", "".join(line)))
    if len(names) != 1:
        return None
    held = "None" if kind == "NoneType" else f"a value of the type `{kind}`"
    sentence = (
        f"`{names.pop()}` holds {held} here, and no array: look for the line that gave it another value."
    )
    return Told(id="no-array", sentence=sentence)


def told_by_index(fault: StudentFault) -> Told | None:
    """Name an index that is too large."""
    found = _TOO_LARGE.match(fault.message)
    if found is None:
        return None
    index, size = map(int, found.groups())
    sentence = f"Index {index} is asked for, and the last one is {size - 1}: counting begins at 0."
    return Told(id="index-out-of-range", sentence=sentence)


def told_by_code(function: str, code: Definitions, given: Definitions) -> Told | None:
    """Name a function that is as it was handed out."""
    own, handed_out = (_code_of(function, each) for each in (code, given))
    if not own or own != handed_out:
        return None
    return Told(id=NOT_WRITTEN, sentence=f"Not written yet: `{function}` is as it was handed out.")


def told_by_form(output: str, values: Sequence[Value]) -> Told | None:
    """Name an output that is never there, always empty, or always wrapped in a tuple or a list.

    Parameters
    ----------
    output : str
        The output's name.
    values : sequence
        Its values in all cases in which the call returned.
    """
    if not values:
        return None
    if all(value is None for value in values):
        return Told(id=NOT_WRITTEN, sentence=f"Not written yet: there is no `{output}` in any case.")
    if all(isinstance(value, np.ndarray) and value.shape == (0,) for value in values):
        return Told(id="always-empty", sentence=f"`{output}` is empty in every case: nothing is put into it.")
    for kind, cause in ((tuple, "A comma after a value makes a tuple."), (list, "Brackets make a list.")):
        if all(isinstance(value, kind) and _is_wrapped(value) for value in values):
            sentence = f"`{output}` is a {kind.__name__} with an array in it, and not the array. {cause}"
            return Told(id="array-in-a-sequence", sentence=sentence)
    return None


def _is_wrapped(value: Sequence[Value]) -> bool:
    return len(value) == 1 and isinstance(value[0], np.ndarray)


def _code_of(function: str, code: Definitions) -> str:
    source = next((chunk.source for chunk in reversed(code.chunks) if function in chunk.names), "")
    try:
        return "\n".join(ast.dump(node) for node in _nodes(source) if isinstance(node, ast.Module))
    except ValueError:  # an integer that has too many digits to be written out
        return source
