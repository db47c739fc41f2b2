"""Right and wrong functions in notebooks of other forms: old Python, Colab, pasted sessions, cells."""

import textwrap

from corpus_styles import HO, STYLES, WO
from corpus_wrong import BASE, FORWARD_WRONG, FULL

PLACES, COLUMNS, OFFSETS = (STYLES[name] for name in ("place_by_place", "columns", "offsets"))
FORWARD, BACKWARD = (PLACES[: PLACES.index("def conv_b")], PLACES[PLACES.index("def conv_b") :])
NO_PAD = (20, 10, 8, 5)


def prompts(source):
    """A session as Python's own prompt shows it."""
    lines = [f"{'>>>' if line[:1].strip() else '...'} {line}".rstrip() for line in source.splitlines()]
    return "\n".join(lines)


def numbered(source):
    """A cell as IPython's prompt shows it."""
    lines = source.splitlines()
    return "\n".join([f"In [7]: {lines[0]}", *(f"   ...: {line}".rstrip() for line in lines[1:])])


def indented(source):
    return textwrap.indent(source, "    ")


def divided(source, old=HO, other=WO):
    """Sizes by Python 2's division."""
    return source.replace(old, old.replace("//", "/")).replace(other, other.replace("//", "/"))


def method(source):
    """The functions as static methods of a class."""
    parts = source.split("\n\n\n")
    methods = "\n\n".join("    @staticmethod\n" + indented(part) for part in parts)
    return f"class Layer:\n{methods}"


def wrong_crop(source):
    return source.replace("border:border + H, border:border + W", "border:-border, border:-border")


NAMES = "conv_forward_naive = Layer.conv_forward_naive\nconv_backward_naive = Layer.conv_backward_naive"
HOLDER = "class Holder:\n    def __init__(self):\n        self.calls = 0\n\n"
PRINTED = "    print 'out is', out.shape\n    return out, "
XRANGE = (" in range(", " in xrange(")
FLOATS = divided(PLACES)
# a `return` in each function, so that a print goes before it
GIVE = "    return out, "

# name: (cells, points, cause, names, kernel)
FORMS = {
    # --- where the functions stand
    "forward_and_backward_in_cells_of_their_own": ((FORWARD, BACKWARD), FULL),
    "backward_before_forward": ((BACKWARD, FORWARD), FULL),
    "helper_in_a_later_cell": (
        (COLUMNS[COLUMNS.index("def conv_f") :], COLUMNS[: COLUMNS.index("def conv_f")]),
        FULL,
    ),
    "static_methods_of_a_class": ((method(PLACES), NAMES), FULL),
    "class_in_a_later_cell_than_its_use": ((method(OFFSETS), "# my layer\n\n", NAMES), FULL),
    "bound_methods": (
        (
            HOLDER
            + indented(FORWARD.replace("naive(x, w", "naive(self, x, w"))
            + "\n"
            + indented(BACKWARD.replace("naive(dout, cache)", "naive(self, dout, cache)")),
            "holder = Holder()\nconv_forward_naive = holder.conv_forward_naive\n"
            "conv_backward_naive = holder.conv_backward_naive",
        ),
        FULL,
    ),
    "defined_twice_the_first_wrong": ((wrong_crop(PLACES), PLACES), FULL),
    "defined_twice_in_one_cell": ((divided(PLACES) + "\n\n" + PLACES,), FULL),
    "an_unfinished_one_first": (("def conv_forward_naive(x, w, b, conv_param):\n    pass\n", OFFSETS), FULL),
    "whole_file_pasted_last": (
        (
            "import numpy as np\nimport math\n\n\n"
            + BASE
            + "\n\nif __name__ == '__main__':\n    print('hello')\n",
        ),
        FULL,
    ),
    "under_an_if": (("if True:\n" + indented(OFFSETS),), FULL),
    "in_a_try": (("try:\n" + indented(PLACES) + "except ImportError:\n    pass\n",), FULL),
    "under_another_name": (
        (
            PLACES.replace("conv_forward_naive", "my_forward").replace("conv_backward_naive", "my_backward"),
            "conv_forward_naive, conv_backward_naive = my_forward, my_backward",
        ),
        FULL,
    ),
    "decorated_by_a_later_cell": (
        (
            "import functools\n\n\ndef counted(function):\n    @functools.wraps(function)\n"
            "    def call(*args):\n        call.count += 1\n        return function(*args)\n"
            "    call.count = 0\n    return call",
            COLUMNS,
            "conv_forward_naive = counted(conv_forward_naive)\n"
            "conv_backward_naive = counted(conv_backward_naive)",
        ),
        FULL,
    ),
    # --- what stands around them
    "colab_title": (("#@title Convolution { display-mode: 'form' }\n" + PLACES,), FULL),
    "colab_parameters": (
        (
            "#@title Settings\nZERO = 0.0 #@param {type: 'number'}",
            PLACES.replace("np.zeros((N, F, Ho, Wo))", "np.full((N, F, Ho, Wo), ZERO)"),
        ),
        FULL,
    ),
    "time_magic_above": (("%%time\n" + OFFSETS,), FULL),
    "capture_magic_above": (("%%capture captured\n" + COLUMNS,), FULL),
    "line_magics_between": (
        ("%matplotlib inline\n" + FORWARD + "\n%precision 4\n" + BACKWARD + "\n!ls\n",),
        FULL,
    ),
    "question_marks_between": ((FORWARD + "\nnp.pad?\n", "?np.einsum\n" + BACKWARD), FULL),
    "indented_cell": ((indented(PLACES),), FULL),
    "indented_cell_of_columns": ((indented(COLUMNS),), FULL),
    "python_prompts": ((prompts(FORWARD.rstrip()), prompts(BACKWARD.rstrip())), FULL),
    "ipython_prompts": ((numbered(FORWARD.rstrip()), numbered(BACKWARD.rstrip())), FULL),
    "windows_ends_of_lines": ((PLACES.replace("\n", "\r\n"),), FULL),
    "tabs": ((OFFSETS.replace("    ", "\t"),), FULL),
    "future_annotations": (
        (
            "from __future__ import annotations\n\n\n"
            + PLACES.replace(
                "(x, w, b, conv_param):", "(x: Images, w: Filters, b: Biases, conv_param: dict) -> Result:"
            ),
        ),
        FULL,
    ),
    "greek_names": ((PLACES.replace("padded", "\u00b5"),), FULL),
    "numpy_by_another_name": (("import numpy as nmp", OFFSETS.replace("np.", "nmp.")), FULL),
    "names_from_numpy": (
        (
            "from numpy import pad, zeros, einsum",
            OFFSETS.replace("np.pad(", "pad(")
            .replace("np.zeros(", "zeros(")
            .replace("np.einsum(", "einsum("),
        ),
        FULL,
    ),
    "prints_in_the_loops": (
        (PLACES.replace("            for f", "            print(i, j)\n            for f"),),
        FULL,
    ),
    # --- old Python
    "xrange": ((PLACES.replace(*XRANGE),), FULL),
    "xrange_in_columns": ((COLUMNS.replace(*XRANGE),), FULL),
    "print_statement": ((PLACES.replace(GIVE, PRINTED),), FULL),
    "print_statement_and_true_division": ((FLOATS.replace(GIVE, PRINTED),), FULL),
    "xrange_and_true_division": ((FLOATS.replace(*XRANGE),), FULL),
    "kernel_of_python_2_and_true_division": ((FLOATS,), FULL, "right", (), "python2"),
    "kernel_of_python_2_and_offsets": ((divided(OFFSETS),), FULL, "right", (), "python2"),
    "kernel_of_python_2_and_a_wrong_crop": (
        (wrong_crop(FLOATS),),
        NO_PAD,
        "empty crop",
        {"dx-empty-without-pad"},
        "python2",
    ),
    "old_except_and_raise": (
        (
            PLACES.replace(
                PLACES.splitlines()[1],
                "    try:\n        s, p = conv_param['stride'], conv_param['pad']\n"
                "    except KeyError, e:\n        raise ValueError, e",
                1,
            ),
        ),
        FULL,
    ),
    "future_division_that_counts": (
        ("from __future__ import division, print_function\n\n\n" + FLOATS,),
        FORWARD_WRONG,
        "float sizes",
        (),
        "python2",
    ),
    "np_int_and_np_float": (
        (
            divided(COLUMNS)
            .replace("Ho = 1 + ", "Ho = np.int(1 + ")
            .replace("Wo = 1 + ", "Wo = np.int(1 + ")
            .replace("p - HH) / s", "p - HH) / s)")
            .replace("p - WW) / s", "p - WW) / s)")
            .replace("np.zeros(padded.shape)", "np.zeros(padded.shape, dtype=np.float)"),
        ),
        FULL,
    ),
    # --- wrong, in other forms
    "defined_twice_the_later_wrong": (
        (PLACES, wrong_crop(COLUMNS)),
        NO_PAD,
        "empty crop",
        {"dx-empty-without-pad"},
    ),
    "true_division_without_a_sign_of_python_2": (
        (
            divided(
                BASE.replace("H_out", "Ho").replace("W_out", "Wo"),
                "* pad - HH) // stride",
                "* pad - WW) // stride",
            ),
        ),
        FORWARD_WRONG,
        "float sizes",
    ),
    "an_unfinished_one_last": (
        (
            OFFSETS,
            "def conv_forward_naive(x, w, b, conv_param):\n    out = None\n"
            "    return out, (x, w, b, conv_param)\n",
        ),
        FORWARD_WRONG,
        "not written",
    ),
    "method_without_its_self": (
        (
            "class Layer:\n" + indented(PLACES),
            "conv_forward_naive = Layer().conv_forward_naive\n"
            "conv_backward_naive = Layer.conv_backward_naive",
        ),
        FORWARD_WRONG,
        "missing names",
    ),
}
