"""Grading one submission: reading, checks, comparison, diagnosis, scoring.

`submission` is the way through. `reading` is done before any code runs. `checks` judge. `compare` decides
whether one output is right. `diagnosis` names known mistakes. `scoring` adds points. `calibration` measures
the machine.
"""
