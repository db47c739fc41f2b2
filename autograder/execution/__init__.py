"""Run students' code: hold the conversation with a child process, and name how it ended.

The conversation is the same for every place where the code runs. `conversation` sends requests and judges
the answers. `faults` puts an ending into words. `printed` keeps the code's output. `pipes` is the trusted end
of a child's pipes. `plain` is the place without walls: a subprocess on the student's own machine, which
`spares` starts in advance and `forking` forks. The place with walls is `autograder.sandbox`. The other end
of each conversation is in `autograder.guest`.
"""
