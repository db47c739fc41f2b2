"""A class is graded on the workers of a real Dask cluster, whatever happens to them."""

import datetime
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed")
from bench.dask_cluster import DaskCluster, within, worker_processes
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from small_course import CODE

from autograder.batch import Batch, RunOptions, grade_all, plan_for_others
from autograder.batch.cluster import Cluster, TlsFiles
from autograder.batch.cluster.connection import connected
from autograder.batch.cluster.crew import on_cluster
from autograder.course import find_course
from autograder.errors import AutograderError, SandboxError, UsageError
from autograder.intake import discover
from autograder.report import newest_reports
from autograder.report.stable import stable
from autograder.sandbox import Policy, self_test

ROOT = Path(__file__).parents[2]
OPTIONS = ("--seed", "5", "--slowness", "2")
# A kind of check that runs in the grader's own process, as an assignment's author may write one.
STEERED = '''

import os, signal, time
from autograder.authoring import CheckKind, CheckSpec, Finding, Status


class Steered(CheckSpec, kw_only=True):
    """Does to the grader what a submission says."""


def check_steered(spec, context):
    text = "".join(cell.source for cell in context.notebook.cells)
    time.sleep(0.3 * ("slow" in text))
    if "poison" in text:
        os.kill(os.getpid(), signal.SIGKILL)
    return Finding(check=spec.id, status=Status.PASSED, fraction=1.0, message="Well.")


KINDS = {"steered": CheckKind(spec=Steered, run=check_steered)}
'''
CHECK = '\n[[items.checks]]\nkind = "steered"\nid = "steered"\n'
WRONG = CODE.replace("axis=0", "axis=1")
# Forbids what a container without rights forbids, then runs a program.
AS_IN_A_CONTAINER = """
import os, sys, pyseccomp
wall = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
wall.add_rule(pyseccomp.ERRNO(1), "mount")
wall.load()
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    try:
        self_test(Policy())
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error.message}")


@pytest.fixture(scope="module")
def course(small_course, tmp_path_factory):
    """The small course with a check that a submission can steer."""
    root = shutil.copytree(small_course, tmp_path_factory.mktemp("steered") / "course")
    for name, more in (("questions.py", STEERED), ("assignment.toml", CHECK)):
        with (root / "source/lab6" / name).open("a", encoding="utf-8") as file:
            file.write(more)
    return root


@pytest.fixture(scope="module")
def inbox(course, tmp_path_factory):
    """A class: right and wrong submissions, one that kills its grader, and one that can't be read."""
    folder = tmp_path_factory.mktemp("inbox")
    given = json.loads((course / "release/lab6/lab6.ipynb").read_text(encoding="utf-8"))
    works = {f"s{n:03}": (CODE if n % 2 else WRONG) + f"\n# slow, and the {n}th\n" for n in range(6)}
    works["s003"] += "# poison\n"
    for learner, code in works.items():
        given["cells"][1]["source"] = code
        (folder / learner).mkdir()
        (folder / learner / "lab6.ipynb").write_text(json.dumps(given), encoding="utf-8")
    (folder / "s006").mkdir()
    (folder / "s006/lab6.ipynb").write_text("{", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = DaskCluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def two_workers(cluster):
    """A scheduler's address, and the process that has two workers.

    This scheduler says itself that a worker was killed; others leave it to the batch to miss the worker.
    """
    _, address = cluster.scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    return address, cluster.workers(address, count=2)


@pytest.fixture(scope="module")
def at_home(course, inbox, tmp_path_factory):
    """The class as this machine alone grades it."""
    folder = tmp_path_factory.mktemp("home") / "reports"
    done = grade(course, inbox, folder, "--jobs", "2").communicate()
    assert "s003: grader_error" in done[1]
    return folder


def grade(course, inbox, output, *options):
    command = [sys.executable, "-m", "autograder", "grade", inbox, "--course", course, "-o", output]
    return subprocess.Popen(
        [*map(str, command), *OPTIONS, *options],
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def events(output):
    log = output / "log.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def graded(output):
    return [event for event in events(output) if event["event"] == "done"]


def workers_files(workers):
    """List the files in the folders of workers."""
    (place,) = (Path(word) for word in workers.args if "/worker-" in str(word))
    return place.glob("*/*")


def verdicts(output):
    """Read the reports, without times and the number of deaths."""
    found = {name: stable(json.loads(path.read_bytes())) for name, path in newest_reports(output).items()}
    for document in found.values():
        document["message"] = document["message"].replace("died 3 times", "died 2 times")
        if document["outcome"] == "grader_error":
            document["environment"] = None  # nothing ran
    return found


def test_each_submission_has_one_report_whatever_happens_to_the_workers(
    course, inbox, two_workers, at_home, tmp_path
):
    address, workers = two_workers
    output = tmp_path / "reports"
    running = grade(course, inbox, output, "--scheduler", address)
    assert within(60, lambda: len(graded(output)) >= 2)
    random.choice(worker_processes(workers)).kill()
    _, said = running.communicate()
    assert running.returncode == 1, said
    assert verdicts(output) == verdicts(at_home)
    assert sorted(event["id"] for event in graded(output)) == sorted(newest_reports(output))
    assert all(path.name == "1.json" for path in newest_reports(output).values())
    assert "joined: 2 workers" in said
    assert "left: 1 worker" in said
    # the run leaves nothing on a worker that is there at its end
    assert not [place for place in workers_files(workers) if place.name.startswith("autograder-")]


@pytest.fixture
def mortal(cluster):
    """A scheduler's process and its address, and the process that has its worker."""
    process, address = cluster.scheduler()
    return process, address, cluster.workers(address)


def test_a_scheduler_that_dies_is_named_and_the_batch_goes_on(course, inbox, mortal, two_workers, at_home):
    scheduler, address, workers = mortal
    output = at_home.parent / "resumed"
    running = grade(course, inbox, output, "--scheduler", address)
    assert within(60, lambda: len(graded(output)) >= 1)
    for worker in worker_processes(workers):
        worker.kill()
    assert within(60, lambda: len(graded(output)) >= 2)
    scheduler.kill()
    _, said = running.communicate()
    assert running.returncode == 1
    assert f"the scheduler at {address} is gone" in said
    assert "go on with --resume" in said
    before = {event["id"] for event in graded(output)}
    running = grade(course, inbox, output, "--scheduler", two_workers[0], "--resume")
    assert within(60, lambda: len(graded(output)) > 2 * len(before))
    running.send_signal(signal.SIGINT)
    _, said = running.communicate()
    assert running.returncode == 130, said
    assert "graded and kept; go on with --resume" in said
    # what a cluster began, this machine can end
    done = grade(course, inbox, output, "--resume", "--jobs", "2")
    assert done.wait() == 1
    assert verdicts(output) == verdicts(at_home)
    kept = [event for event in graded(output)[-7:] if event["seconds"] == 0]
    assert before <= {event["id"] for event in kept}


@pytest.fixture
def start(course, inbox, tmp_path):
    """A function that grades the class on a cluster and has little patience."""
    run = plan_for_others(RunOptions(root=course, seed=5))
    found = discover((inbox,), find_course(course).assignment).candidates
    batch = Batch(run=run, candidates=found, folder=tmp_path / "reports")
    return lambda address, say: list(
        grade_all(batch, on_cluster(Cluster(scheduler=address, patience=0.2), say))
    )


def test_a_worker_that_is_not_fit_takes_no_work_and_says_why(cluster, start, tmp_path):
    _, address = cluster.scheduler()
    with pytest.raises(AutograderError, match="there is no worker"):
        start(address, print)
    changed = shutil.copytree(ROOT / "autograder", tmp_path / "other/autograder")
    with (changed / "text.py").open("a") as file:
        file.write("# another version\n")
    cluster.workers(address, PYTHONPATH=str(changed.parent))
    cluster.workers(address, before=("-c", AS_IN_A_CONTAINER))
    with connected(Cluster(scheduler=address)) as connection:
        assert within(60, lambda: len(connection.events.get().workers) == 2)
    said = []
    with pytest.raises(AutograderError, match=r"no worker takes work; tcp://127\.0\.0\.1:") as caught:
        start(address, said.append)
    assert "dask worker" in caught.value.hint
    version, walls = sorted(line.partition(" takes no work: ")[2] for line in said)
    assert version == "it has another version of autograder: install the batch's"
    assert re.search("not permitted|not allowed", walls)


# --- encryption ---


def certificate(folder, name, issuer=None):
    """Write a key and a certificate, by an issuer or by itself; give both."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    by_key, by = issuer or (key, subject)
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(by_key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return key, subject


def files(folder, authority, name):
    return TlsFiles(
        authority=folder / f"{authority}.pem", certificate=folder / f"{name}.pem", key=folder / f"{name}.key"
    )


def test_a_scheduler_with_tls_takes_its_own_certificates_alone(cluster, tmp_path):
    for authority, name in (("ours", "staff"), ("theirs", "stranger")):
        certificate(tmp_path, name, certificate(tmp_path, authority))
    ours = files(tmp_path, "ours", "staff")
    _, address = cluster.scheduler(
        "--protocol",
        "tls",
        "--tls-ca-file",
        ours.authority,
        "--tls-cert",
        ours.certificate,
        "--tls-key",
        ours.key,
    )
    assert address.startswith("tls://")
    with connected(Cluster(scheduler=address, tls=ours)) as connection:
        assert connection.events.get(timeout=20).workers == frozenset()
    with (
        pytest.raises(UsageError, match="no scheduler answers there"),
        connected(Cluster(scheduler=address, tls=files(tmp_path, "theirs", "stranger"))),
    ):
        pass
