"""Running students' code: the conversation with a child process, and what its ending is called.

It is the same for every place where the code runs. `conversation` sends requests and judges the answers,
`faults` says an ending in words, `printed` keeps what the code printed, `pipes` is the trusted end of a
child's pipes, and `plain` is the place without walls: a subprocess on the student's own machine. The place with
walls is `autograder.sandbox`. The other end of each conversation is in `autograder.guest`.
"""
