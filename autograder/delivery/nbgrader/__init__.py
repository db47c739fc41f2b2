"""Push grades into nbgrader's gradebook, and pull back what people gave there.

::

    gradebook ── participants ──▶ push ──▶ assignment, cells, students, submissions, grades, comments
        ▲                                                     │
        └──────── reviews by `nbgrader` ◀── pull ◀────────────┘

A push comes after a pull, so that nothing that a person gave in nbgrader is ever written over. `copies`
writes what the formgrader shows.
"""

from autograder.delivery.nbgrader.copies import exact_time, write_copies
from autograder.delivery.nbgrader.participants import read_class
from autograder.delivery.nbgrader.pull import pull
from autograder.delivery.nbgrader.push import push
from autograder.delivery.nbgrader.reading import reader
from autograder.delivery.nbgrader.released import read_released

__all__ = ["exact_time", "pull", "push", "read_class", "read_released", "reader", "write_copies"]
