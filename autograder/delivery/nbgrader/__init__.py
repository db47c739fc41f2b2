"""Push grades into nbgrader's gradebook, and pull back what people gave there.

::

    gradebook ── standings ──▶ push ──▶ assignment, cells, students, submissions, grades, comments
        ▲                                                 │
        └────── reviews by `nbgrader` ◀── pull ◀──────────┘

A push comes after a pull, so that nothing that a person gave in nbgrader is ever written over. `copies`
writes what the formgrader shows.
"""

from autograder.delivery.nbgrader.copies import exact_time, write_copies
from autograder.delivery.nbgrader.handed_in import reader
from autograder.delivery.nbgrader.pull import pull
from autograder.delivery.nbgrader.push import push
from autograder.delivery.nbgrader.released import read_released
from autograder.delivery.nbgrader.standings import read_class

__all__ = ["exact_time", "pull", "push", "read_class", "read_released", "reader", "write_copies"]
