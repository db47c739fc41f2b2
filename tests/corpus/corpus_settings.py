"""What settings of the training earn: each is trained as a submission's is, with the release's network."""

import numpy as np
from corpus_grading import course, sandboxes, shared

from autograder.data import data_loader, describe_data, find_data
from autograder.report.scoring import rounded

COURSE = course()
(ITEM,) = (item for item in COURSE.assignment.items if item.id == "training")
(SPEC,) = ITEM.checks
RUN = COURSE.authored.questions["training"]
BATCH, REG = 200, 1e-3
# Rates a factor of ten apart, below and above those that learn; other batches, another price of weights.
SETTINGS = [
    ("adam", 1e-3, BATCH, REG),
    ("adam", 1e-4, BATCH, REG),
    ("adam", 1e-5, BATCH, REG),
    ("adam", 1e-2, BATCH, REG),
    ("rmsprop", 1e-3, BATCH, REG),
    ("rmsprop", 1e-4, BATCH, REG),
    ("sgd_momentum", 1e-3, BATCH, REG),
    ("sgd_momentum", 1e-4, BATCH, REG),
    ("sgd_momentum", 1e-2, BATCH, REG),
    ("sgd", 1e-2, BATCH, REG),
    ("sgd", 1e-3, BATCH, REG),
    ("sgd", 1e-1, BATCH, REG),
    ("sgd", 1e-5, BATCH, 0.1),  # the release's own
    ("adam", 1e-3, 50, REG),
    ("adam", 1e-3, 1000, REG),
    ("adam", 1e-3, BATCH, 1.0),
]


def earned(folder, count, seed):
    """Each of the settings, with the accuracies of some trainings and the points of their mean."""
    from sys import modules

    check = modules[COURSE.authored.kinds["training"].spec.__module__]
    images = data_loader(COURSE, folder)(RUN.images)
    with sandboxes()() as session:
        for rule, rate, batch, reg in SETTINGS:
            solver = {"update_rule": rule, "optim_config": {"learning_rate": rate}, "batch_size": batch}
            settings = check.Settings(network={"reg": reg}, solver=solver)
            reached = [accuracy(session, check, settings, images, seed + one) for one in range(count)]
            share = check.credit(float(np.mean(reached)), SPEC.none, SPEC.full)
            points = rounded(ITEM.points * share, ITEM.points, COURSE.assignment.round_to)
            yield (rule, rate, batch, reg), reached, points


def accuracy(session, check, settings, images, seed):
    """The accuracy that one training reaches, with labels and first parameters of a seed."""
    rng = np.random.default_rng(seed)
    own = check.training.relabelled(images, rng)
    limits = COURSE.assignment.limits[SPEC.limits]
    with session.student(shared().given_definitions, limits) as given, np.errstate(all="ignore"):
        trained = RUN.train(given, given, settings, own, rng)
        return RUN.accuracy(trained.parameters, own.x_test, own.y_test)


def data_set():
    """The folder and the name of the data set that grading would take here."""
    spec = COURSE.assignment.data
    return find_data(None, spec, COURSE.work), describe_data(spec, COURSE.work)[0]
