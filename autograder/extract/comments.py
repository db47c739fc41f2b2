"""Find new comments in the code of some definitions, and the statements beside them."""

from __future__ import annotations

import ast
import bisect
import io
import re
import tokenize
import unicodedata
from collections.abc import Collection, Sequence

from autograder.extract.code import Statement, parse
from autograder.extract.definitions import statements_for
from autograder.extract.effects import nodes
from autograder.model import Notebook, Passage, Struct, shortened

# A comment with fewer letters says nothing.
MIN_LETTERS = 8
# A comment of this many words that also stands in the release's text is copied.
MIN_WORDS = 4
# Words that say no more than the code beside them does: "this is a loop", "define the function".
_FILLER_WORDS = """
a again all also an and any are array arrays as at back be block body by call called calls calling code
comment compute computes computing condition create creates creating declare def define defines defining
do does each elif else end every finally first for from function get gets getting give gives given go
here i if import in init initialise initialised initialises initialize initialized initializes inner
input into is it its iterate iterates iterating iteration last let line loop looping loops make makes
making method my need needed new next nested now number numpy np of on our out outer output over parameter
parameters part print prints put result results return returned returning returns run runs same save
set sets setting some start starts statement step store stores storing sure that the them then these this
those through thing things to up update updates use used uses using value values variable variables was we
while will with you
"""
_FILLER = frozenset(_FILLER_WORDS.split())
# nbgrader's marks around a solution
_MARKER = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")


class CommentFacts(Struct):
    """The number of statements, the number with a new comment beside them, and the comments.

    `copied` counts comments that repeat the code beside them, another comment or the release's own text.
    `empty` are comments that only name the syntax beside them ("this is a loop"). Neither earns anything.
    `familiar` is the share of their words that stand in the release or are common ones, in [0, 1]. `passages`
    are the statements' code, with the lines of the new comments marked.
    """

    statements: int
    commented: int
    comments: tuple[str, ...]
    copied: int = 0
    empty: tuple[str, ...] = ()
    familiar: float = 1.0
    passages: tuple[Passage, ...] = ()

    @property
    def coverage(self) -> float:
        """Give the share of statements with a comment beside them, in [0, 1]."""
        return self.commented / self.statements if self.statements else 0.0


def comment_facts(notebook: Notebook, given: Notebook, names: Sequence[str]) -> CommentFacts:
    """Find the new comments in the definitions of some names and in everything that they need."""
    known = {_plain(text) for one in statements_for(given, names) for _, text in _comments(one.source)}
    text = " ".join(cell.source for cell in given.cells)
    prose = _plain(text)
    released = "\n".join(cell.source for cell in given.code_cells)
    own = [one for one in statements_for(notebook, names, given) if one.source not in released]
    facts = [_facts(one, known, prose) for one in own]
    texts = tuple(text for fact in facts for text in fact.comments)
    return CommentFacts(
        statements=sum(fact.statements for fact in facts),
        commented=sum(fact.commented for fact in facts),
        comments=texts,
        copied=sum(fact.copied for fact in facts) + len(texts) - len(set(texts)),
        empty=tuple(text for fact in facts for text in fact.empty),
        familiar=_familiar(texts, _FILLER.union(_words(text))),
        passages=shortened(passage for fact in facts for passage in fact.passages),
    )


def _familiar(texts: Sequence[str], vocabulary: Collection[str]) -> float:
    """Give the share of the words that stand in the release or are common ones, in [0, 1]."""
    words = _words(" ".join(texts))
    return sum(word in vocabulary for word in words) / len(words) if words else 0.0


def _facts(one: Statement, known: set[str], prose: str) -> CommentFacts:
    tree = parse(one.source)
    assert isinstance(tree, ast.Module)
    starts = sorted({n.lineno for n in nodes(tree) if isinstance(n, ast.stmt) and not _is_text(n)})
    lines = one.source.split("\n")
    code = {line: lines[line - 1].partition("#")[0] for line in starts}
    fresh, empty, copied = [], [], 0
    for line, text in _comments(one.source):
        if _plain(text) in known or not _says_something(text):
            continue
        beside = [code.get(at, "") for at in (line, line + 1)]
        if _is_copied(text, beside, prose):
            copied += 1
        elif _names_syntax(text, beside):
            empty.append(text)
        else:
            fresh.append((line, text))
    covered = {_beside(line, starts) for line, _ in fresh}
    return CommentFacts(
        statements=len(starts),
        commented=len(covered - {0}),
        comments=tuple(text for _, text in fresh),
        copied=copied,
        empty=tuple(empty),
        passages=(_passage(one, [line for line, _ in fresh]),),
    )


def _passage(one: Statement, lines: Sequence[int]) -> Passage:
    """Give a statement with some of its lines marked, all numbered as in its cell."""
    marked = tuple(sorted({one.line + line - 1 for line in lines}))
    return Passage(where=one.cell.label, text=one.source, line=one.line, marked=marked)


def _is_copied(text: str, beside: Sequence[str], prose: str) -> bool:
    """Say whether a comment repeats the code beside it, or the release's docstrings and text."""
    plain = _plain(text)
    from_release = len(_words(text)) >= MIN_WORDS and plain in prose
    return from_release or any(plain in _plain(code) for code in beside)


def _names_syntax(text: str, beside: Sequence[str]) -> bool:
    """Say whether a comment has only the language's words and the names in the code beside it."""
    return set(_words(text)) <= _FILLER.union(*(_words(code) for code in beside))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _beside(line: int, starts: Sequence[int]) -> int:
    """Give the line of the statement beside a comment: on its line, or the next below."""
    at = bisect.bisect_left(starts, line)
    return starts[min(at, len(starts) - 1)] if starts else 0


def _comments(source: str) -> list[tuple[int, str]]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [(t.start[0], t.string.lstrip("#").strip()) for t in tokens if t.type == tokenize.COMMENT]


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


def _says_something(text: str) -> bool:
    """Say whether a comment has enough letters; one of a script without cases stands for several."""
    letters = sum(3 if unicodedata.category(c) == "Lo" else 1 for c in text if c.isalpha())
    return letters >= MIN_LETTERS and not _MARKER.match(text)
