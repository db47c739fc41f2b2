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
from autograder.cli.status import ExitStatus
from autograder.errors import AutograderError, SandboxError, UsageError

# name: (module, what the list of commands says); the help of a list must not import them all
COMMANDS = {
    "check": ("autograder.cli.check", "Check your own work: the visible checks, offline, in seconds."),
    "data": ("autograder.cli.data", "Fetch or make the data set, or say where it is."),
    "doctor": ("autograder.cli.doctor", "Say what works on this machine, and what to do about the rest."),
    "export": ("autograder.cli.export", "Render reports for a gradebook or an LMS."),
    "freeze": ("autograder.cli.freeze", "Write the outputs that an assignment's reference gives to files."),
    "grade": ("autograder.cli.grade", "Grade submissions in the sandbox; one JSON report each."),
    "gradebook": ("autograder.cli.gradebook", "Keep attempts, a person's points and grades of a course."),
    "new": ("autograder.cli.new", "Write a small working assignment to begin with."),
    "release": ("autograder.cli.release", "Build what students receive from the instructor's source."),
    "similarity": ("autograder.cli.similarity", "Show passages that submissions have in common, to read."),
    "validate": ("autograder.cli.validate", "Check reports against the published schema."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called.

    A student's install has the self-check alone: commands whose modules are not there are not listed.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names of the commands that are installed."""
        return sorted(name for name, (module, _) in COMMANDS.items() if is_installed(module))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command.

        Raises
        ------
        click.UsageError
            This install does not have it.
        """
        if cmd_name not in COMMANDS:
            return None
        if not is_installed(COMMANDS[cmd_name][0]):
            raise click.UsageError(
                f"`{cmd_name}` is not part of this install, which checks homework only. "
                "Instructors install all of it in the course's folder: pip install -e '.[instructor]'"
            )
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


def is_installed(module: str) -> bool:
    """Say whether a module is installed. Its package is imported, the module is not."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 some could not be, 2 wrong usage, 3 no sandbox, 130 interrupted.",
)
@click.version_option(__version__, prog_name="autograder")
def cli() -> None:
    """Hand out, check and grade a programming homework."""


def main(command: click.Command = cli) -> None:
    """Run the command line; an error that a person can act on is a message, not a traceback."""
    from autograder.cli.ends import as_usage_error, plain_signs

    plain_signs()
    try:
        # an `Exit` that was raised inside comes back as its status; click ends a closed pipe quietly
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
    with contextlib.suppress(OSError):  # standard error may be closed, or on a full disk, too
        click.echo(f"error: {error}", err=True)
    if isinstance(error, SandboxError):
        sys.exit(ExitStatus.NO_SANDBOX)
    sys.exit(ExitStatus.USAGE if isinstance(error, UsageError) else ExitStatus.SOME_FAILED)
