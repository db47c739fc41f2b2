"""What several test processes need, and what is dear to make: one of them makes it, and the others wait."""

import fcntl
import os


def once(tmp_path_factory, name, make):
    """Give a folder that `make` fills once in a run of the tests, however many processes they have."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
