"""Make the sample submissions again: ``python tests/samples/build.py [ID …]``.

A sample is the release's notebook with the code of ``variants/<id>_….py`` in its second block, run from
the top as a student would (the extra part left out), and printed to a PDF. The run is a real one, so its
times differ from run to run: the samples are kept in the repository, not compared byte for byte.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TARGET = HERE / "hw5"
FUNCTIONS = ("conv_forward_naive", "conv_backward_naive")
SETTINGS = """settings = {
    'update_rule': 'adam',
    'learning_rate': 1e-3,
    'reg': 1e-3,
    'batch_size': 200,
    'num_epochs': 1,
}
"""
# What these students handed in had been run; the others' would not end, would do harm, or was not ready.
RUN = ("s001", "s007", "s015")
# Comments as students write them, put above the lines of the given code that they explain.
REMARKS = {
    "        conv_size = (num_filters": "        # one filter spans all channels of the input\n",
    "        pooled_size = num_filters": "        # pooling halves both sides: a quarter is left\n",
    "        self.params['W2'] =": "        # the convolution's output is flattened before it comes here\n",
    "        conv_param = {'stride'": "        # this pad keeps the image's size with stride 1\n",
    "        pooled, conv_cache =": "        # (N, C, H, W) to (N, F, H/2, W/2)\n",
    "        hidden, hidden_cache =": "        # (N, F*H/2*W/2) to (N, hidden_dim)\n",
    "        if y is None:": "        # at test time the scores are all that is wanted\n",
    "        loss += 0.5": "        # large weights cost something, biases do not\n",
    "        dactive, grads['W3']": "        # the chain rule, from the last layer to the first\n",
    "        grads['W1'] += ": "        # the derivative of reg / 2 * W ** 2\n",
}


def sample_source(second_block: str, variant: str) -> str:
    """The second block with the variant's code in place of the two functions."""
    magics = re.sub(r"(?m)^%", "#%", second_block)
    spans = [
        (node.lineno - 1, node.end_lineno)
        for node in ast.parse(magics).body
        if isinstance(node, ast.FunctionDef) and node.name in FUNCTIONS
    ]
    lines = second_block.split("\n")
    start, end = spans[0][0], spans[-1][1]
    return "\n".join([*lines[:start], variant.strip(), *lines[end:]])


def remark(source: str) -> str:
    """The given code with a student's comments."""
    for line, comment in REMARKS.items():
        source = source.replace(line, comment + line, 1)
    return source


def student_notebook(release: dict[str, Any], identity: str, variant: str) -> dict[str, Any]:
    """The release's notebook as this student filled it in."""
    notebook: dict[str, Any] = json.loads(json.dumps(release))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["id"] == "second-block":
            source = sample_source(source, variant)
            source = remark(source) if "# " in variant else source
        elif cell["id"] == "train":
            source = source.replace("# TODO: your code goes here\n", SETTINGS)
        cell["source"] = source
        if identity == "s015":  # as some editors leave it
            cell["metadata"] = {}
            del cell["id"]
    return notebook


def without_extra(notebook: dict[str, Any]) -> dict[str, Any]:
    """The cells before the extra part, which is not run here."""
    cells = notebook["cells"]
    end = next(
        i
        for i, c in enumerate(cells)
        if "".join(c["source"]).startswith("## ") and "extra" in "".join(c["source"]).lower()[:60]
    )
    return {**notebook, "cells": cells[:end]}


def execute(notebook: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Run it in a folder with the release's support code; errors are kept in the cells."""
    import nbformat
    from nbclient import NotebookClient

    loaded = nbformat.from_dict(notebook)
    client = NotebookClient(
        loaded,
        timeout=600,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return json.loads(nbformat.writes(loaded))


def main(wanted: list[str]) -> None:
    """Build the samples that are named, or all."""
    from autograder.cli.exit_status import one_blas_thread
    from autograder.publish import print_to_pdf

    one_blas_thread()
    release = json.loads((ROOT / "release/hw5/HW5.ipynb").read_text(encoding="utf-8"))
    for path in sorted((HERE / "variants").glob("*.py")):
        identity = path.name[:4]
        if wanted and identity not in wanted:
            continue
        notebook = student_notebook(release, identity, path.read_text(encoding="utf-8"))
        if identity in RUN:
            with tempfile.TemporaryDirectory() as scratch:
                shutil.copytree(ROOT / "source/hw5/HW5_code", Path(scratch) / "HW5_code")
                run = execute(without_extra(notebook), Path(scratch))
            notebook = {**notebook, "cells": run["cells"] + notebook["cells"][len(run["cells"]) :]}
        folder = TARGET / identity
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        text = text.replace(str(Path.home()), "~")  # whoever built them is nobody's business
        (folder / "HW5.ipynb").write_text(text, encoding="utf-8")
        print_to_pdf(folder / "HW5.ipynb", folder / "HW5.pdf")
        print(identity, len(text))


if __name__ == "__main__":
    main(sys.argv[1:])
