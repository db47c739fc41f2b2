"""Show a suite's figures as a table, as JSON, and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Group
from rich.table import Table
from rich.text import Text

from autograder.errors import UsageError
from bench.interleave import Absent, Row
from bench.machine import Machine
from bench.suite import Suite, Work


def figures(suite: Suite, machine: Machine, found: Sequence[Row | Absent]) -> dict[str, Any]:
    """Give everything that was measured, as plain data.

    Returns
    -------
    dict
        ``machine``; ``works``, each with its sizes, ``least_seconds``, and its ``rows``: the contender, the
        least time, median and quartiles in seconds, the number of runs, and ``least_ratio`` and ``ratio``,
        the least time and the median divided by those of the suite's own contender; ``absent``: the
        contenders that can't run here, and why.
    """
    rows = [each for each in found if isinstance(each, Row)]
    return {
        "machine": msgspec.to_builtins(machine),
        "works": [
            {
                **msgspec.to_builtins(work),
                "least_seconds": machine.least_seconds(work),
                "rows": [
                    {
                        **msgspec.to_builtins(row),
                        "least_ratio": row.least / ours.least,
                        "ratio": row.median / ours.median,
                    }
                    for row in rows
                    if row.work == work.name
                ],
            }
            for work in suite.works
            if (ours := _ours(suite, work, rows)) is not None
        ],
        "absent": [msgspec.to_builtins(each) for each in found if isinstance(each, Absent)],
    }


def _ours(suite: Suite, work: Work, rows: Sequence[Row]) -> Row | None:
    """Give the row of the suite's own contender; if it could not run, that of the first that could."""
    able = {row.contender: row for row in rows if row.work == work.name}
    return able.get(suite.ours, next(iter(able.values()), None))


def render(measured: dict[str, Any]) -> Group:
    """Render the figures for a terminal: a table for each work, the quickest first."""
    machine = measured["machine"]
    peak = ", ".join(f"{dtype} {rate / 1e9:.0f} Gflop/s" for dtype, rate in machine["peak"].items())
    parts: list[Text | Table] = [
        Text(f"{machine['processor']}, {machine['cores']} cores; {machine['versions']}"),
        Text(f"peak {peak}; copying {machine['bandwidth'] / 1e9:.0f} GB/s\n"),
    ]
    for work in measured["works"]:
        parts.append(Text(f"{work['name']}: {work['about']}", style="bold"))
        table = Table(box=None, padding=(0, 1))
        for heading in ("ms", "least", "/ ours", "/ limit", "median", "/ ours", "quartiles"):
            table.add_column(heading, no_wrap=heading != "ms")
        for row in sorted(work["rows"], key=lambda row: float(row["least"])):
            table.add_row(
                row["contender"],
                f"{row['least'] * 1e3:#.4g}",
                f"{row['least_ratio']:.2f}",
                f"{row['least'] / work['least_seconds']:.2f}",
                f"{row['median'] * 1e3:#.4g}",
                f"{row['ratio']:.2f}",
                f"{row['lower'] * 1e3:.3g} to {row['upper'] * 1e3:.3g}",
            )
        parts += [table, Text("")]
    parts += [Text(f"{each['contender']}: not here: {each['reason']}") for each in measured["absent"]]
    return Group(*parts)


def plot(measured: dict[str, Any], path: Path) -> None:
    """Draw the figures as bars: one panel for each work, with the limit as a line.

    Raises
    ------
    UsageError
        Matplotlib is not installed, or the file can't be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError(
            "a plot needs Matplotlib, which is not installed", "pip install matplotlib"
        ) from None
    works = measured["works"]
    figure = Figure(
        figsize=(8, 0.6 + sum(0.5 + 0.22 * len(work["rows"]) for work in works)), layout="constrained"
    )
    heights = [1 + 0.4 * len(work["rows"]) for work in works]
    panels = figure.subplots(len(works), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    for panel, work in zip(panels[:, 0], works, strict=True):
        rows = sorted(work["rows"], key=lambda row: float(row["median"]), reverse=True)
        panel.barh([row["contender"] for row in rows], [row["median"] * 1e3 for row in rows], color="#4477aa")
        panel.axvline(work["least_seconds"] * 1e3, color="#cc3311", linestyle="--")
        panel.set(title=work["name"], xscale="log", xlabel="ms")
        panel.tick_params(labelsize=7)
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: can't be written: {error}") from error
