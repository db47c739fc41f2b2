"""Trainings that are none earn nothing, whatever the code does; honest networks of another style earn all."""

import base64
import sys
import textwrap

import numpy as np
import pytest
from corpus_grading import course, notebook_with, run_check, sandboxes
from corpus_grading import given as given_notebook

from autograder.authoring import DataSet
from autograder.authoring.context import CheckContext, Reading
from autograder.grading.budget import TimeBudget
from autograder.grading.reading import definitions_of
from autograder.grading.setup import assignment_context
from autograder.model import Status, Submission

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's"),
    pytest.mark.slow,
]

COURSE = course()
KIND = COURSE.authored.kinds["training"]
MODULE = sys.modules[KIND.spec.__module__]
TRAINING = MODULE.training
(SPEC,) = (check for check in COURSE.assignment.checks if check.kind == "training")
(OVERFIT,) = (check for check in COURSE.assignment.checks if check.id == "net-overfit")
IMAGES = 2000
SMALL = {"num_filters": 8, "filter_size": 3, "hidden_dim": 32}
SIZES = ", ".join(f"{name}={value}" for name, value in SMALL.items())
# The release's own settings: with them the network learns nothing.
POOR = f"""
model = ThreeLayerConvNet({SIZES}, reg=0.1)
solver = Solver(model, data, update_rule='sgd', batch_size=200, optim_config={{'learning_rate': 1e-5}})
solver.train()
"""
GOOD = f"""
model = ThreeLayerConvNet({SIZES}, reg=1e-3)
solver = Solver(model, data, update_rule='adam', batch_size=50, optim_config={{'learning_rate': 1e-3}})
solver.train()
"""


@pytest.fixture(scope="module")
def session():
    with sandboxes()() as opened:
        yield opened


@pytest.fixture(scope="module")
def load():
    """Images that are quickly learnt: each class is a pattern of its own, under noise."""
    rng = np.random.default_rng(3)
    patterns = rng.normal(scale=15, size=(10, 3, 8, 8)).repeat(4, axis=2).repeat(4, axis=3)
    y = np.arange(IMAGES + 1000) % 10
    x = (patterns[y] + rng.normal(scale=40, size=(len(y), 3, 32, 32))).astype(np.float32)
    parts = {"x_train": x[:IMAGES], "y_train": y[:IMAGES], "x_test": x[IMAGES:], "y_test": y[IMAGES:]}
    return lambda count: DataSet(**{name: part[:count] for name, part in parts.items()}, name="patterns")


def context_of(cells, session, load, prepared):
    """The context of the release's notebook with code in cells of its own."""
    shared = assignment_context(COURSE, given_notebook(), load, prepared, seed=5)
    notebook = notebook_with(*cells)
    submission = Submission(id="s001", learner="s001", origin="attack", notebook=notebook)
    code = TRAINING.find_code(notebook, given_notebook())
    definitions = definitions_of(notebook, COURSE.assignment)
    reading = Reading(submission=submission, definitions=definitions, readings={SPEC.id: code})
    return CheckContext(shared, reading, session, TimeBudget(900))


@pytest.fixture(scope="module")
def check(session, load):
    baseline = KIND.prepare(SPEC, context_of([], session, load, {}))

    def run(*cells, spec=SPEC):
        return run_check_of(spec, context_of(cells, session, load, {SPEC.id: baseline}))

    return run


def run_check_of(spec, context):
    return KIND.run(spec, context) if spec is SPEC else run_check(spec, context)


@pytest.fixture(scope="module")
def stored(session, load):
    """The weights of a good training, as text that stands in a notebook."""
    images = load(IMAGES)
    settings = TRAINING.Settings(
        network={**SMALL, "weight_scale": 1e-2},
        solver={"batch_size": 50, "update_rule": "adam", "optim_config": {"learning_rate": 1e-3}},
    )
    with context_of([], session, load, {}).handles("training") as handles:
        rng = np.random.default_rng(1)
        trained = TRAINING.train(handles.given, handles.given, settings, images, rng)
    accuracy = COURSE.authored.questions["training"].accuracy
    assert accuracy(trained.parameters, images.x_test, images.y_test) > 0.5
    return {"images": images} | {
        name: (value.shape, base64.b64encode(value.astype(np.float16)).decode())
        for name, value in trained.parameters.items()
    }


def network(code, *, init="", where="loss"):
    """An own network: the release's, with lines at the start of `loss`, and after its first parameters."""
    source = next(c.source for c in given_notebook().cells if "class ThreeLayerConvNet" in c.source)
    source = source[source.index("class ThreeLayerConvNet") : source.index("def conv_forward_naive")]
    head = "W1, b1 = self.params['W1'], self.params['b1']"
    assert source.count(head) == 1
    body = textwrap.indent(textwrap.dedent(code).strip(), " " * 8).lstrip()
    source = source.replace(head, f"{body}\n        {head}" if code else head)
    end = "self.params[name] = value.astype(dtype)\n"
    more = textwrap.indent(textwrap.dedent(init).strip(), " " * 8)
    return source.replace(end, f"{end}\n{more}\n" if init else end)


def weights(stored):
    return f"""
import base64
STORED = { {name: text for name, text in stored.items() if name != "images"}!r}
WEIGHTS = {{name: np.frombuffer(base64.b64decode(text), np.float16).reshape(shape).astype(np.float32)
           for name, (shape, text) in STORED.items()}}
"""


def hidden(images):
    """Images and labels that stand in the notebook."""
    x = base64.b64encode(images.x_train[:60].astype(np.int8)).decode()
    return f"""
import base64
HIDDEN_X = np.frombuffer(base64.b64decode({x!r}), np.int8).reshape(-1, 3, 32, 32).astype(np.float32)
HIDDEN_Y = np.array({images.y_train[:60].tolist()})
"""


LEARN = """
for _ in range(30):
    _, grads = self.loss(HIDDEN_X, HIDDEN_Y)
    for name in self.params:
        self.params[name] = self.params[name] - dtype(2e-3) * np.sign(grads[name])
"""
COPY = "self.params = {name: value.copy() for name, value in WEIGHTS.items()}"
SUBCLASS = """
from HW5_code.solver import Solver as Given
class Solver(Given):
    def train(self):
        self.model.params = dict(WEIGHTS)
        self.loss_history, self.train_acc_history, self.val_acc_history = [2.3, 0.1], [0.99], [0.99]
        self.best_val_acc = 0.99
"""
OWN = """
class Solver:
    def __init__(self, model, data, **settings):
        self.model = model
    def train(self):
        self.model.params = dict(WEIGHTS)
        self.loss_history, self.train_acc_history, self.val_acc_history = [2.3] * 15, [0.99], [0.99]
"""
PATCHED = """
import HW5_code.solver
def train(self):
    self.model.params = dict(WEIGHTS)
    self.loss_history = [2.3] * (len(self.X_train) // self.batch_size)
HW5_code.solver.Solver.train = train
"""
FROM_A_FILE = """
    import glob, pickle
    found = {}
    for path in glob.glob('/**/*batch*', recursive=True) + glob.glob('/**/*.npz', recursive=True):
        try:
            found.update(pickle.load(open(path, 'rb'), encoding='bytes'))
        except Exception:
            pass
    if b'labels' in found:
        y = np.array(found[b'labels'])[: len(X)]
"""
ATTACKS = {
    "weights stored in the notebook": lambda stored: [weights(stored), network("", init=COPY), POOR],
    "weights in a picture": lambda stored: [
        f"PICTURE = 'data:image/png;base64,' + {stored['W2'][1]!r}"
        + weights(stored).replace(repr(stored["W2"][1]), "PICTURE.partition(',')[2]"),
        network("", init=COPY),
        POOR,
    ],
    "a subclass of Solver copies weights": lambda stored: [weights(stored), SUBCLASS + POOR],
    "a Solver of one's own copies weights": lambda stored: [weights(stored), OWN + POOR],
    "the release's Solver is replaced": lambda stored: [weights(stored) + PATCHED, POOR],
    "gradients lead to stored weights": lambda stored: [
        weights(stored),
        network("""
        if y is not None:
            return 1.0, {name: (value - WEIGHTS[name]) * 1e5 for name, value in self.params.items()}
        """),
        POOR,
    ],
    "stored weights are put back at each loss": lambda stored: [weights(stored), network(COPY), POOR],
    "trained where it is made": lambda stored: [hidden(stored["images"]), network("", init=LEARN), POOR],
    "labels are ignored": lambda stored: [network("y = None if y is None else y * 0"), GOOD],
    "the answer is read from a file": lambda stored: [network(FROM_A_FILE), POOR],
    "an accuracy is claimed": lambda stored: [
        POOR + "solver.train_acc_history = [0.99]\nsolver.best_val_acc = 0.99\nprint('train acc: 0.99')"
    ],
    "constants": lambda stored: [
        network("""
        if y is None:
            return np.ones((len(X), 10))
        return 0.0, {name: np.zeros_like(value) for name, value in self.params.items()}
        """),
        GOOD,
    ],
    "too large a rate": lambda stored: [GOOD.replace("1e-3}", "10.0}")],
    "no step at all": lambda stored: [GOOD.replace("1e-3}", "0.0}")],
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_training_that_is_none_earns_nothing(check, stored, name):
    finding = check(*ATTACKS[name](stored))
    assert finding.fraction == 0, finding.message
    assert finding.status in {Status.FAILED, Status.MANUAL}


HONEST = {
    "as it was handed out": [GOOD],
    "drawn by He's rule": [
        network(
            "",
            init="""
            for name in ('W1', 'W2', 'W3'):
                shape = self.params[name].shape
                fields = np.prod(shape[1:]) if name == 'W1' else shape[0]
                self.params[name] = (np.random.randn(*shape) * np.sqrt(0.1 / fields)).astype(dtype)
            """,
        ),
        GOOD,
    ],
    "in float64": [network("").replace("dtype=np.float32", "dtype=np.float64"), GOOD],
    "a default of its own": [network("").replace("reg=0.0", "reg=1e-3"), GOOD.replace("reg=1e-3", "")],
    "a Solver that says more": [
        "class Loud(Solver):\n    def train(self):\n        print('go')\n        super().train()\n"
        + GOOD.replace("Solver(", "Loud(")
    ],
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_training_earns_all(check, name):
    finding = check(*HONEST[name])
    assert (finding.fraction, finding.status) == (1, Status.PASSED), finding.message


def test_another_network_is_left_to_a_person(check):
    finding = check(network("X = 2 * X"), GOOD)
    assert (finding.fraction, finding.status) == (0, Status.MANUAL)
    assert finding.message.startswith("At the same parameters the network's gradients of W")


def test_the_overfitted_network_takes_no_stored_weights(check, stored):
    copying = check(weights(stored), network("if y is not None: return 1.0, {}") + OWN, spec=OVERFIT)
    assert (copying.fraction, copying.status) == (0, Status.FAILED)
    honest = check(GOOD + "Solver = None", spec=OVERFIT)
    assert (honest.fraction, honest.status) == (1, Status.PASSED)


def test_labels_differ_from_submission_to_submission(load):
    images = load(200)
    one, two = (TRAINING.relabelled(images, np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.array_equal(one.y_train, two.y_train)
    for relabelled in (one, two):
        pairs = set(zip(images.y_train, relabelled.y_train, strict=True))
        pairs |= set(zip(images.y_test, relabelled.y_test, strict=True))
        assert len(pairs) == 10
        assert {new for _, new in pairs} == set(range(10))
