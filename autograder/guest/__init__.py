"""Run beside a student's code: mounted into the sandbox, or started as a plain subprocess.

Nothing here imports the engine; `wire` is shared with it. Read in this order: `wire` (the format),
`stream` (its transport), `runner` (definitions and calls), `clock` (interrupts a call that takes too long),
`plain` (one process, no walls), and in `walls`: `lockdown` (the walls that a process puts round itself) and
`harness` (forks one child a handle).
"""
