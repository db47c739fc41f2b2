"""A student's feedback as one page: the view of a report that the reader may see, and the grade.

::

    reports ──┐
              ├─▶ gather ─▶ Feedback ─▶ page (the student's view) ─▶ HTML ─▶ printing (PDF)
    gradebook ┘
"""
