"""A scheduler and workers on this machine, as processes of their own."""

import contextlib
import json
import os
import subprocess
import sys
import time

import psutil

SCHEDULER = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--host", "127.0.0.1"]
WORKER = ["-m", "distributed.cli.dask_worker", "--no-dashboard", "--nthreads", "1", "--memory-limit", "2GiB"]


class DaskCluster:
    """Starts and ends the processes of a cluster; `folder` has their logs and the workers' files."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []

    def start(self, name, command, **environment):
        with (self.folder / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env={**os.environ, **environment}, stdout=log, stderr=log
            )
        self.started.append(process)
        return process

    def scheduler(self, *options):
        """Start a scheduler and give its process and its address."""
        there = self.folder / f"scheduler-{len(self.started)}.json"
        command = [*SCHEDULER, "--port", "0", "--scheduler-file", str(there), *options]
        process = self.start(there.stem, command)
        assert within(60, there.exists)
        while True:
            with contextlib.suppress(ValueError):  # it is still being written
                return process, json.loads(there.read_text())["address"]

    def workers(self, address, count=1, before=(), **environment):
        """Start workers below one process, which replaces those that die."""
        name = f"worker-{len(self.started)}"
        command = [*before, *WORKER, address, "--host", "127.0.0.1", "--nworkers", str(count)]
        command += ["--local-directory", str(self.folder / name)]
        return self.start(name, [sys.executable, *command], **environment)

    def end(self):
        for process in self.started:
            for one in [*children(process), process]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            process.wait()


def children(process):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(process.pid).children(recursive=True)
    return []


def worker_processes(process):
    """The worker processes below a `dask worker`."""
    return [
        one
        for one in psutil.Process(process.pid).children()
        if any("spawn_main" in word for word in one.cmdline())
    ]


def within(seconds, happened):
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
