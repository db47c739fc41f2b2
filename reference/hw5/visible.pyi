# The loader binds `visible` to the module that `visible_questions` names: the release's own questions.
from questions import *  # noqa: F403 (the stub stands for the whole module)
