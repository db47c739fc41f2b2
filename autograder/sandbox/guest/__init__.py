"""What runs beside a student's code: mounted into the sandbox, or started as a plain subprocess.

Nothing here imports the engine; `wire` is shared with it. Read in this order: `wire` (the format),
`stream` (its transport), `runner` (definitions and calls), `clock` (interrupts what takes too long),
`lockdown` (the walls that a process puts round itself), `harness` (forks one child a handle), `plain` (one
process, no walls).
"""
