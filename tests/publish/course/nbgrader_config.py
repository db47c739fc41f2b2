"""As in a course of one's own: nbgrader's defaults, and the notebook forgets its editor."""

from nbgrader.converters.generate_assignment import GenerateAssignment

from autograder.publish.kernel import ForgetEditor

c = get_config()  # noqa: F821 - nbgrader provides it
c.GenerateAssignment.preprocessors = [ForgetEditor, *GenerateAssignment.preprocessors.default()]
