"""Grade code through the real extraction, questions, checks and scoring, in this process."""

import builtins
import contextlib
import functools
import io
import linecache
import sys
from pathlib import Path

import msgspec
import numpy as np
from in_process import InProcess

from autograder.authoring.context import CheckContext, Reading
from autograder.authoring.questions import Comparison
from autograder.authoring.student import FaultKind, StudentFault
from autograder.course import find_course
from autograder.grading.budget import TimeBudget
from autograder.grading.checks import KINDS
from autograder.grading.diagnosis import diagnoser, known_mistakes_of, regimes_of
from autograder.grading.reading import definitions_of
from autograder.grading.setup import assignment_context
from autograder.guest.compat import PYTHON2, emulate
from autograder.guest.definitions import Missing, Namespace
from autograder.intake import read_notebook
from autograder.intake.notebook import parse_notebook
from autograder.model import Submission
from autograder.report.scoring import score_item

ROOT = Path(__file__).parents[2]
ITEMS = ("conv-forward", "conv-backward-dx", "conv-backward-dw", "conv-backward-db")
MAGICS = ("%",)


class _Names(dict):
    """The names of a run, for `InProcess`."""

    def __init__(self, namespace):
        super().__init__()
        self._namespace = namespace

    def __contains__(self, name):
        with contextlib.suppress(Missing):
            self._namespace.find(name)
            return True
        return False

    def __getitem__(self, name):
        return self._namespace.find(name)


class _Quiet(InProcess):
    """Takes every way of ending a call for a fault, and swallows what is printed."""

    @property
    def names(self):
        """What the code defines."""
        return self._namespace

    def _run(self, function, args, kwargs):
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                return super()._run(function, args, kwargs)
        except SystemExit as error:
            raise StudentFault(FaultKind.RAISED, f"SystemExit: {error}") from error


class InProcessSession:
    """A session whose children are namespaces of this process."""

    walls = ("none: this process",)

    @contextlib.contextmanager
    def student(self, definitions, limits):
        main, lines = sys.modules["__main__"], dict(linecache.cache)
        namespace, names = Namespace(), {module: set(vars(module)) for module in (builtins, np, np.lib)}
        try:
            emulate(definitions.compat)
            chunks = [msgspec.to_builtins(chunk) for chunk in definitions.chunks]
            namespace.run(chunks, PYTHON2 in definitions.compat)
            yield _Quiet(_Names(namespace))
        finally:
            for module, before in names.items():
                for name in {old.rpartition(".")[2] for old in definitions.compat} & vars(
                    module
                ).keys() - before:
                    delattr(module, name)
            sys.modules["__main__"] = main
            linecache.cache.clear()
            linecache.cache.update(lines)


@functools.cache
def course():
    return find_course(ROOT)


@functools.cache
def given():
    return read_notebook(course().given_notebook)


@functools.cache
def shared():
    """The context of all; known mistakes remember what they give, for the same cases are asked often."""
    remembering = [_remembering(one) for one in known_mistakes_of(course())]
    context = assignment_context(course(), given(), lambda _: None, {}, seed=0)
    level, code = course().assignment.hint_level, context.given_definitions
    decide = diagnoser(remembering, regimes_of(course()), level, code)
    return msgspec.structs.replace(context, diagnose=decide)


def _remembering(mistake):
    known = {}

    def fingerprint(case):
        if (key := _key(case)) not in known:
            known[key] = mistake.fingerprint(case)
        return known[key]

    return msgspec.structs.replace(mistake, fingerprint=fingerprint)


def _key(case):
    arrays = (np.asarray(value) for value in case.inputs.values())
    return hash((case.id, *((value.dtype.str, value.shape, value.tobytes()) for value in arrays)))


@functools.cache
def quick():
    """The shared context with remembered expectations, and without the search for a smallest case."""
    questions = {name: _quick(name, one) for name, one in shared().questions.items()}
    return msgspec.structs.replace(shared(), questions=questions)


def _quick(name, question):
    if not isinstance(question, Comparison):
        return question
    if name == "own-gradient":  # expects what the student's forward pass makes it expect
        return msgspec.structs.replace(question, small=None)
    known = {}

    def expect(handles, case):
        if (key := _key(case)) not in known:
            known[key] = question.expect(handles, case)
        return known[key]

    return msgspec.structs.replace(question, small=None, expect=expect)


def sandboxes():
    """The function that opens a sandbox for the homework, after it has shown that it holds."""
    from autograder.batch.grading_run import policy_for, session_opener
    from autograder.sandbox import self_test

    self_test(policy_for(course()))
    return session_opener(course(), unsandboxed=False)


def notebook_with(*cells):
    """The release's notebook with code in cells of its own, after all the others."""
    code = next(cell for cell in given().cells if "def conv_forward_naive" in cell.source)
    first = len(given().cells)
    added = [
        msgspec.structs.replace(code, id=f"own-{number}", index=first + number, source=source)
        for number, source in enumerate(cells)
    ]
    return msgspec.structs.replace(given(), cells=(*given().cells, *added))


def context_for(identity, cells, session):
    return context_of(identity, notebook_with(*cells), session, shared())


def context_of(identity, notebook, session, common):
    submission = Submission(id=identity, learner=identity, origin="corpus", notebook=notebook)
    reading = Reading(
        submission=submission, definitions=definitions_of(notebook, course().assignment, given())
    )
    return CheckContext(common, reading, session, TimeBudget(900))


def run_check(spec, context):
    return KINDS[spec.kind].run(spec, context)


def graded(identity, cells, session=None, items=ITEMS):
    """The reports of the convolution's items, by id."""
    return _reports(context_for(identity, cells, session or InProcessSession()), items)


def graded_entry(entry, session=None):
    """The same of an entry of the corpus; all are asked the same cases."""
    context = context_of("corpus-3", notebook_of(entry), session or InProcessSession(), quick())
    return _reports(context, ITEMS)


def notebook_of(entry):
    """The notebook of an entry of the corpus, as intake reads it."""
    return parse_notebook(entry.notebook().encode(), "HW5.ipynb")[0]


def _reports(context, items):
    return {
        item.id: score_item(item, {c.id: run_check(c, context) for c in item.checks})
        for item in course().assignment.items
        if item.id in items
    }


def points(reports):
    return tuple(reports[name].score for name in ITEMS)


def names(reports):
    """The names of mistakes that the reports give."""
    return {c.diagnosis.id for r in reports.values() for c in r.checks if c.diagnosis is not None}


def failed(reports):
    """The checks that did not pass, by id, with what they say."""
    return {c.id: c.message for r in reports.values() for c in r.checks if c.status.value != "passed"}
