"""Parse the command line, call, and print. A command's module is imported when it is called."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sqlite3
import sys
from typing import NoReturn

import click

from autograder import __version__
from autograder.cli.exit_status import ExitStatus
from autograder.errors import AutograderError, SandboxError, UsageError

# name: (module, description); the list of commands is shown without importing them
COMMANDS = {
    "check": ("autograder.cli.check", "Run the visible checks on your own work, offline, in seconds."),
    "dashboard": ("autograder.cli.dashboard", "Show a class on one page: points, items, reasons, times."),
    "data": ("autograder.cli.data", "Fetch the data set, or say where it is."),
    "doctor": ("autograder.cli.doctor", "Say what works on this machine, and how to fix the rest."),
    "export": ("autograder.cli.export", "Render reports for a gradebook or an LMS."),
    "feedback": ("autograder.cli.feedback", "Write a page for each student with what they may see."),
    "freeze": ("autograder.cli.freeze", "Store the outputs of an assignment's reference in files."),
    "grade": ("autograder.cli.grade", "Grade submissions in the sandbox, with one JSON report for each."),
    "gradebook": ("autograder.cli.gradebook", "Keep attempts, a person's points and grades of a course."),
    "merge": ("autograder.cli.merge", "Merge the folders of a class that was graded in shards."),
    "new": ("autograder.cli.new", "Write a small working assignment, as a start."),
    "release": ("autograder.cli.release", "Build the students' release from the instructor's source."),
    "review": ("autograder.cli.review", "Give points and remarks in a browser, question by question."),
    "send": ("autograder.cli.send", "Send grades to a learning platform, and compare what is there then."),
    "sign": ("autograder.cli.sign", "Sign reports, so that a change of them is found."),
    "show": ("autograder.cli.show", "Show a report in the terminal."),
    "similarity": ("autograder.cli.similarity", "Show the passages that submissions have in common."),
    "status": ("autograder.cli.status", "Say how far a batch is: done, left, failed, slowest."),
    "validate": ("autograder.cli.validate", "Check reports against the published schema."),
    "verify": ("autograder.cli.verify", "Verify signatures of reports, or grade a submission again."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called.

    A student's install has only the self-check; commands without a module are not listed.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names of the commands that are installed."""
        return sorted(name for name, (module, _) in COMMANDS.items() if is_installed(module))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command. Raises `click.UsageError` if this install does not have it."""
        if cmd_name not in COMMANDS:
            return None
        if not is_installed(COMMANDS[cmd_name][0]):
            raise click.UsageError(
                f"`{cmd_name}` is not part of this install, which only checks homework. "
                "Instructors install the rest with pip install -e '.[instructor]' in the course's folder."
            )
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


def is_installed(module: str) -> bool:
    """Say whether a module is installed, without importing it. Its package is imported."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 something failed, 2 wrong usage, 3 no sandbox, 130 interrupted.",
)
@click.version_option(__version__, prog_name="autograder")
def cli() -> None:
    """Hand out, check and grade a programming homework."""


def main(command: click.Command = cli) -> None:
    """Run the command line, and show errors that a person can act on as messages, not tracebacks."""
    from autograder.cli.ends import as_usage_error
    from autograder.text import plain_signs

    plain_signs()
    try:
        # click returns the status of an `Exit` raised in a command, and ends quietly on a closed pipe
        sys.exit(command(standalone_mode=False))
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(ExitStatus.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitStatus.USAGE)
    except AutograderError as error:
        _fail(error)
    except (OSError, sqlite3.Error, UnicodeError) as error:
        _fail(as_usage_error(error))


def _fail(error: AutograderError) -> NoReturn:
    with contextlib.suppress(OSError):  # standard error, too, may be closed or on a full disk
        click.echo(f"error: {error}", err=True)
    if isinstance(error, SandboxError):
        sys.exit(ExitStatus.NO_SANDBOX)
    sys.exit(ExitStatus.USAGE if isinstance(error, UsageError) else ExitStatus.SOME_FAILED)
