"""From verdicts to grades: the gradebook, and a grade as a pure function of what is in it.

::

    reports ─▶ attempts ─┐
    reviews, remarks ────┼─▶ grade(…) ─▶ Grade, explained line by line
    extensions, excuses ─┤
    policy ──────────────┘

The room knows reports and the assignment, never the sandbox.
"""
