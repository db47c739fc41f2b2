"""The root is an nbgrader course folder: `nbgrader generate_assignment hw5`, the formgrader and exports work.

`autograder release` reads this file too, so that both make the same notebook.
"""

from nbgrader.converters.generate_assignment import GenerateAssignment

from autograder.publish.kernel import ForgetEditor

c = get_config()  # noqa: F821 - nbgrader provides it

c.CourseDirectory.course_id = "autograder"
c.GenerateAssignment.preprocessors = [ForgetEditor, *GenerateAssignment.preprocessors.default()]
c.ClearSolutions.code_stub = {"python": "# TODO: your code goes here"}
c.ClearSolutions.text_stub = "*Your answer goes here.*"

# generate_assignment copies whatever else lies in source/hw5/: nothing private may go along.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "*.so",
    "*.pyd",
    "*.c",
    "build",
    "assignment.toml",
    "questions.py",
    "README.student.md",
]
