"""Check the comments that a student added: propose a score, and leave unclear cases to a person."""

from __future__ import annotations

from autograder.assignment import Comments
from autograder.authoring.context import CheckContext
from autograder.extract import CommentFacts, comment_facts
from autograder.model import Finding, Notebook, Status

SHOWN = 5
# Comments on code have nine of ten words from the release or common ones; random letters have none.
FAMILIAR = 0.5


def read_comments(spec: Comments, notebook: Notebook, given: Notebook) -> CommentFacts:
    """Look at the comments of the named definitions."""
    return comment_facts(notebook, given, spec.definitions)


def check_comments(spec: Comments, context: CheckContext) -> Finding:
    """Propose credit by the share of statements that have a new comment.

    No comments at all fail, and enough of them pass. Anything between waits for a person, and so do comments
    in other words than the homework's: noise, and other languages.
    """
    facts: CommentFacts = context.readings[spec.id]
    fraction = min(1.0, facts.coverage / spec.full_coverage)
    clear = fraction == 1.0 and facts.familiar >= FAMILIAR
    status = Status.PASSED if clear else Status.MANUAL if facts.comments else Status.FAILED
    return Finding(
        check=spec.id,
        status=status,
        fraction=round(fraction, 2),
        message=_say(facts, status),
        hints=() if status is Status.PASSED else spec.hints,
        evidence=facts.passages,
        metrics={
            "statements": facts.statements,
            "commented": facts.commented,
            "comments": len(facts.comments),
            "copied": facts.copied,
            "empty": len(facts.empty),
        },
    )


def _say(facts: CommentFacts, status: Status) -> str:
    left_out = _left_out(facts)
    if not facts.comments:
        return "You added no comments to the code that should have them." + left_out
    message = f"You commented {facts.commented} of {facts.statements} statements.{left_out}"
    if status is Status.MANUAL:
        quoted = "; ".join(f"“{text[:60]}”" for text in facts.comments[:SHOWN])
        message += f" The score is a proposal; a person decides. The comments begin: {quoted}"
    return message


def _left_out(facts: CommentFacts) -> str:
    """Say which comments did not count, so that nobody has to guess."""
    kinds = []
    if facts.copied:
        kinds.append(f"{facts.copied} that repeat the code, the homework's text or one another")
    if facts.empty:
        kinds.append(f"{len(facts.empty)} that only name the syntax (“{facts.empty[0][:60]}”)")
    return f" Not counted: {' and '.join(kinds)}." if kinds else ""
