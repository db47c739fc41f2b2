"""Running Python in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

CHILD = Path(__file__).parent / "child.py"


def run_child(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run an experiment of `child.py`; a process that hangs is an error."""
    return subprocess.run(
        [sys.executable, str(CHILD), *arguments],
        capture_output=True, text=True, check=False, timeout=timeout,
    )  # fmt: skip


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Give the last step of a process, and how the process ended."""
    how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
    doing = (done.stdout.splitlines() or ["nothing"])[-1]
    return f"ended with {how} during: {doing}\n{done.stderr[-4000:]}"


def run_python(code: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run some code with only these variables in the environment."""
    kept = {name: value for name, value in os.environ.items() if name.endswith(("_PRELOAD", "SAN_OPTIONS"))}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": "", **kept, **environment}, timeout=120,
    )  # fmt: skip
