"""Comments that the release did not have: a score is proposed, and a person confirms what is in between."""

from __future__ import annotations

from autograder.assignment import Comments
from autograder.authoring.context import CheckContext
from autograder.extract import CommentFacts, comment_facts
from autograder.model import Finding, Notebook, Status

SHOWN = 5


def read_comments(spec: Comments, notebook: Notebook, given: Notebook) -> CommentFacts:
    """Look at the comments of the named definitions."""
    return comment_facts(notebook, given, spec.definitions)


def check_comments(spec: Comments, context: CheckContext) -> Finding:
    """Propose credit by the share of statements that a new comment stands by.

    None at all and as many as are asked for are clear cases; what lies between waits for a person.
    """
    facts: CommentFacts = context.readings[spec.id]
    fraction = min(1.0, facts.coverage / spec.full_coverage)
    status = Status.PASSED if fraction == 1.0 else Status.MANUAL if facts.comments else Status.FAILED
    return Finding(
        check=spec.id,
        status=status,
        fraction=round(fraction, 2),
        message=_say(facts, status),
        hints=() if status is Status.PASSED else spec.hints,
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
        return "There are no comments of your own in the code that was to be read." + left_out
    message = f"{facts.commented} of {facts.statements} statements have a comment of your own.{left_out}"
    if status is Status.MANUAL:
        quoted = "; ".join(f"“{text[:60]}”" for text in facts.comments[:SHOWN])
        message += f" Proposed from that; a person decides. They begin: {quoted}"
    return message


def _left_out(facts: CommentFacts) -> str:
    """What was there and did not count, so that nobody has to guess."""
    kinds = []
    if facts.copied:
        kinds.append(f"{facts.copied} repeat the code, the homework's text or one another")
    if facts.empty:
        kinds.append(f"{len(facts.empty)} only name the syntax (“{facts.empty[0][:60]}”)")
    return f" Not counted: {', '.join(kinds)}." if kinds else ""
