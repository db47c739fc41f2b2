"""Pages for people, made with Jinja2: they know the gradebook and the reports, never the sandbox.

Whatever a student wrote is text on them: escaped, never run, its invisible characters shown as signs.
"""
