"""``autograder verify``: signatures of reports, or a report against its submission."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import course_option, data_option, training_images_option, training_option
from autograder.cli.sign import SUFFIX

if TYPE_CHECKING:
    from autograder.batch import RunOptions

_existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("places", nargs=-1, metavar="[PATHS]...", type=click.Path(exists=True, path_type=Path))
@click.option("--key", type=_existing_file, help="The public key: are the reports as they were signed?")
@click.option("--rerun", type=_existing_file, help="Grade the submission of this report again, and compare.")
@course_option
@data_option
@training_option
@training_images_option
def command(  # noqa: PLR0917 - click calls it by name
    places: tuple[Path, ...],
    key: Path | None,
    rerun: Path | None,
    course: Path,
    data: Path | None,
    training: bool,
    training_images: int | None,
) -> None:
    """Verify the signatures of PATHS: with --key, JSON files or folders of reports.

    With --rerun REPORT, grade that report's submission again with its seed, and list what differs but for
    times and measured speeds. The submission is looked for in PATHS (what `autograder grade` takes), or else
    where the report says. Name the options of the batch again: --data, --no-training, --training-images.

    Exit status: 0 all good, 1 some are not.
    """
    from autograder.errors import UsageError

    if key is not None and rerun is None and places:
        good = _verify(places, key)
    elif rerun is not None and key is None:
        from autograder.batch import RunOptions

        options = RunOptions(
            root=course.resolve(),
            data=data.resolve() if data else None,
            training=training,
            training_images=training_images,
        )
        good = _rerun(rerun, options, places)
    else:
        raise UsageError(
            "verify takes either --key PUBLIC and REPORTS, or --rerun REPORT",
            "See: autograder verify --help",
        )
    raise click.exceptions.Exit(ExitStatus.DONE if good else ExitStatus.SOME_FAILED)


def _verify(places: tuple[Path, ...], key_file: Path) -> bool:
    from autograder.report import report_files
    from autograder.signing import Standing, public_key, verify

    key, paths, good = public_key(key_file.read_bytes(), str(key_file)), report_files(places), 0
    for path in paths:
        signature = path.with_name(path.name + SUFFIX)
        found = verify(path.read_bytes(), signature.read_bytes() if signature.exists() else None, key)
        good += found.standing is Standing.GOOD
        click.echo(f"{path}: {found.standing.value}{found.reason and f' ({found.reason})'}")
    click.echo(f"{good} of {len(paths)} files are good.")
    return good == len(paths)


def _rerun(path: Path, options: RunOptions, places: tuple[Path, ...]) -> bool:
    from autograder.batch.rerun import differences, grade_again
    from autograder.execution.environment import one_blas_thread
    from autograder.report import read_report, whole

    one_blas_thread()
    report = whole(read_report(path), str(path))
    found = differences(report, grade_again(report, options, places))
    for line in found:
        click.echo(line)
    click.echo(f"{path}: {f'differences: {len(found)}' if found else 'graded again, with the same result'}")
    return not found
