"""Grade one submission.

`submission` leads through the steps. `reading` comes before any code runs, `checks` judge, `compare`
decides whether one output is right, `diagnosis` names known mistakes, and `scoring` gives points. Before
anything is graded, `preflight` looks at the assignment and `calibration` at the machine.
"""
