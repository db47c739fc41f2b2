"""The same mistakes in other styles: edits that fit all `right/style_*.py`, and some of one style alone.

All four styles write the sizes, the border, the crop and the results in the same words, so that an edit finds
its place in each of them.
"""

from pathlib import Path
from typing import NamedTuple

from corpus_wrong import DB_WRONG, DW_WRONG, DX_WRONG, FORWARD_WRONG, FULL, Points

STYLES = {
    path.stem.removeprefix("style_"): path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent / "right").glob("style_*.py"))
}


class Edit(NamedTuple):
    """One mistake: its cause, the points that are left, the names that it gets, and its old and new texts."""

    cause: str
    points: Points
    names: frozenset[str]
    texts: tuple[str, ...]
    otherwise: dict[str, tuple[Points, frozenset[str]]]

    def applied(self, text: str) -> str:
        """Change a source; each old text stands there just once."""
        for old, new in zip(self.texts[::2], self.texts[1::2], strict=True):
            if text.count(old) != 1:
                raise ValueError(f"{old!r} is {text.count(old)} times in the source, not once")
            text = text.replace(old, new)
        return text


def edit(cause, points, *texts, names=(), otherwise=None):
    """A mistake; its edits are given as old, new, old, new, …

    `otherwise` has the points and names in styles that raise where the others give something wrong.
    """
    return Edit(cause, points, frozenset(names), texts, otherwise or {})


HO, WO = "Ho = 1 + (H + 2 * p - HH) // s", "Wo = 1 + (W + 2 * p - WW) // s"
BORDER = "xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))"
ONE = "((0, 0), (0, 0), (1, 1), (1, 1))"
PADDED = "padded = np.pad(x, ((0, 0), (0, 0), (border, border), (border, border)))"
CROP = "dx = dxp[:, :, border:border + H, border:border + W]"
GIVE, GIVE_BACK = "return out, (x, w, b, conv_param)", "return dx, dw, db"
HEAD, HEAD_BACK = "def conv_forward_naive(x, w, b, conv_param):\n", "def conv_backward_naive(dout, cache):\n"
SIZES = "    N, C, H, W = x.shape\n    F, _, HH, WW = w.shape\n    Ho"
PARAMETERS = "s, p = conv_param['stride'], conv_param['pad']"
DB = "db = dout.sum(axis=(0, 2, 3))"
EMPTY, EMPTY_CROP = frozenset({"dx-empty-without-pad"}), "dxp[:, :, border:-border, border:-border]"
NOTHING = (0, 0, 0, 0)
# The crop or the border is only wrong where pad is 0; or where it is not 1.
NO_PAD, PAD_ONE, BACKWARD_BY_PAD = (20, 10, 8, 5), (20, 7, 8, 5), (20, 12, 6, 5)

SHARED = {
    "sizes_by_true_division": edit(
        "float sizes", FORWARD_WRONG, HO, HO.replace("//", "/"), WO, WO.replace("//", "/")
    ),
    "a_cache_of_its_own_after_sizes_by_true_division": edit(
        "not the student's cache",
        NOTHING,
        HO,
        HO.replace("//", "/"),
        WO,
        WO.replace("//", "/"),
        GIVE,
        "return out, (x, xp, w, b, conv_param)",
        "x, w, b, conv_param = cache",
        "x, xp, w, b, conv_param = cache",
    ),
    "crop_by_minus_pad": edit("empty crop", NO_PAD, CROP, f"dx = {EMPTY_CROP}", names=EMPTY),
    "crop_by_minus_pad_assigned": edit(
        "empty crop that raises",
        NO_PAD,
        CROP,
        f"dx = np.zeros(x.shape)\n    dx[...] = {EMPTY_CROP}",
        names=EMPTY,
    ),
    "crop_by_minus_pad_reshaped": edit(
        "empty crop that raises", NO_PAD, CROP, f"dx = {EMPTY_CROP}.reshape(x.shape)", names=EMPTY
    ),
    "crop_asserted": edit(
        "empty crop that raises",
        NO_PAD,
        CROP,
        f"dx = {EMPTY_CROP}\n    assert dx.shape == x.shape",
        names=EMPTY,
    ),
    "crop_of_one": edit(
        "border of one", PAD_ONE, CROP, "dx = dxp[:, :, 1:-1, 1:-1]", names={"dx-border-of-one-pixel"}
    ),
    "crop_of_one_to_the_size": edit("border of one", PAD_ONE, CROP, "dx = dxp[:, :, 1:H + 1, 1:W + 1]"),
    "crop_of_one_assigned": edit(
        "border of one that raises",
        PAD_ONE,
        CROP,
        "dx = np.zeros(x.shape)\n    dx[...] = dxp[:, :, 1:-1, 1:-1]",
        names={"dx-border-of-one-pixel"},
    ),
    "border_of_one": edit("border of one", (13, 12, 8, 5), BORDER, f"xp = np.pad(x, {ONE})"),
    "border_of_one_in_the_backward": edit(
        "border of one that raises",
        BACKWARD_BY_PAD,
        PADDED,
        f"padded = np.pad(x, {ONE})",
        names={"dw-border-of-one-pixel"},
    ),
    "border_of_zeros_made_for_one": edit(
        "border of one",
        (13, 12, 8, 5),
        BORDER,
        "xp = np.zeros((N, C, H + 2, W + 2))\n    xp[:, :, 1:-1, 1:-1] = x",
    ),
    "width_from_the_kernels_height": edit("rows and columns", (16, 12, 8, 5), WO, WO.replace("WW", "HH")),
    "width_from_the_images_height": edit(
        "rows and columns", (16, 12, 8, 5), WO, WO.replace("(W", "(H"), names={"width-from-height"}
    ),
    "square_result": edit(
        "rows and columns",
        (16, 12, 8, 5),
        WO,
        "Wo = Ho",
        names={"width-from-height"},
        otherwise={"windows": ((16, 12, 8, 5), frozenset())},
    ),
    "height_and_width_exchanged": edit(
        "rows and columns", (16, 12, 8, 5), SIZES, SIZES.replace("H, W", "W, H", 1)
    ),
    "kernel_sizes_exchanged": edit(
        "square kernels only", (16, 12, 8, 5), SIZES, SIZES.replace("HH, WW", "WW, HH")
    ),
    "dx_transposed": edit("rows and columns", DX_WRONG, CROP, CROP + ".swapaxes(2, 3)"),
    "crop_of_the_width_by_the_height": edit(
        "rows and columns", NO_PAD, CROP, CROP.replace("+ W", "+ H"), names={"dx-width-from-height"}
    ),
    "square_kernel_asserted": edit(
        "square kernels only", (16, 12, 8, 5), HO, "assert HH == WW, 'square filters only'\n    " + HO
    ),
    "nothing_written": edit("not written", NOTHING, GIVE, "return None, None", GIVE_BACK, "return None"),
    "forward_alone": edit(
        "not written",
        (20, 0, 0, 0),
        HEAD_BACK,
        HEAD_BACK + "    dx, dw, db = None, None, None\n    return dx, dw, db\n",
    ),
    "backward_says_that_it_is_not_written": edit(
        "not written", (20, 0, 0, 0), HEAD_BACK, HEAD_BACK + "    raise NotImplementedError\n"
    ),
    "border_only_where_there_is_one": edit(
        "border only where pad is not 0", (14, 12, 8, 5), BORDER, f"if p > 0:\n        {BORDER}"
    ),
    "border_only_where_there_is_one_in_the_backward": edit(
        "border only where pad is not 0",
        (20, 10, 7, 3),
        PADDED,
        f"if border != 0:\n        {PADDED}",
    ),
    "zeros": edit(
        "zeros", NOTHING, GIVE, GIVE.replace("out", "0 * out"), GIVE_BACK, "return 0 * dx, 0 * dw, 0 * db"
    ),
    "zeros_as_dx": edit("zeros", DX_WRONG, CROP, "dx = np.zeros_like(x)"),
    "empty_arrays_as_gradients": edit(
        "zeros", (20, 0, 0, 0), GIVE_BACK, "return np.empty(0), np.empty(0), np.empty(0)"
    ),
    "none_as_out": edit("none", FORWARD_WRONG, GIVE, "return None, (x, w, b, conv_param)"),
    "none_as_dx": edit("none", DX_WRONG, GIVE_BACK, "return None, dw, db"),
    "return_forgotten_in_the_backward": edit("none", (20, 0, 0, 0), GIVE_BACK, "(dx, dw, db)"),
    "one_gradient_only": edit("one gradient only", (20, 12, 0, 0), GIVE_BACK, "return dx"),
    "two_gradients": edit("one gradient only", DB_WRONG, GIVE_BACK, "return dx, dw"),
    "filters_for_the_kernels_height": edit("F for HH", FORWARD_WRONG, HO, "HH = F\n    " + HO),
    "out_a_tuple": edit("out a tuple", FORWARD_WRONG, GIVE, "out = out,\n    " + GIVE),
    "result_in_a_list": edit("out a tuple", FORWARD_WRONG, GIVE, GIVE.replace("out,", "[out],")),
    "math_not_imported": edit(
        "missing import", FORWARD_WRONG, HO, "Ho = 1 + math.floor((H + 2 * p - HH) / s)"
    ),
    "helper_of_another_notebook": edit("missing names", FORWARD_WRONG, BORDER, "xp = zero_pad(x, p)"),
    "name_misspelt_in_the_backward": edit(
        "missing names", (20, 0, 0, 0), CROP, CROP.replace("dxp", "dx_pad")
    ),
    "name_of_the_forward_in_the_backward": edit("missing names", (20, 0, 0, 0), PADDED, "padded = xp"),
    "x_shadowed_by_the_border": edit(
        "shadowed x",
        (20, 10, 6, 5),
        BORDER,
        BORDER + "\n    x = xp",
    ),
    "x_shadowed_by_a_list": edit("shadowed x", (20, 9, 6, 4), GIVE, "x = [1]\n    " + GIVE),
    "one_image_only": edit(
        "one image only", (1, 12, 8, 5), GIVE, "out[1:] = 0\n    " + GIVE, names={"first-image-alone"}
    ),
    "dx_of_one_image_only": edit(
        "one image only", (20, 1, 8, 5), CROP, CROP + "\n    dx[1:] = 0", names={"dx-of-the-first-image"}
    ),
    "out_summed_over_the_batch": edit(
        "sums over the batch", FORWARD_WRONG, GIVE, "out = out.sum(axis=0)\n    " + GIVE
    ),
    "db_kept_for_each_image": edit(
        "sums over the batch", DB_WRONG, DB, "db = dout.sum(axis=(2, 3))", names={"db-for-each-image"}
    ),
    "dw_averaged_over_the_batch": edit(
        "sums over the batch", (20, 12, 1, 5), GIVE_BACK, "return dx, dw / N, db", names={"dw-averaged"}
    ),
    "stride_of_one_in_the_backward": edit(
        "stride in the backward",
        (20, 7, 4, 5),
        "step, border = conv_param['stride']",
        "step, border = 1",
        names={"dw-stride-left-out", "dx-stride-left-out"},
        otherwise={"windows": ((20, 7, 4, 2), frozenset())},
    ),
    "stride_twice_in_the_backward": edit(
        "stride in the backward", (20, 0, 0, 0), "step, border = conv_param['stride']", "step, border = 2"
    ),
    "stride_left_out_with_a_crop": edit(
        "two mistakes",
        (20, 5, 4, 5),
        "step, border = conv_param['stride']",
        "step, border = 1",
        CROP,
        f"dx = {EMPTY_CROP}",
        names={"dw-stride-left-out", "dx-empty-without-pad", "dx-stride-left-out"},
    ),
    "crop_of_one_and_db_of_one_number": edit(
        "two mistakes",
        (20, 7, 8, 0),
        CROP,
        "dx = dxp[:, :, 1:-1, 1:-1]",
        DB,
        "db = dout.sum()",
        names={"dx-border-of-one-pixel", "db-one-number"},
    ),
    "bias_and_crop": edit(
        "two mistakes",
        (0, 10, 8, 5),
        GIVE,
        GIVE.replace("out,", "out - b[:, None, None],"),
        CROP,
        f"dx = {EMPTY_CROP}",
        names={"bias-left-out", "dx-empty-without-pad"},
    ),
    "width_and_border_of_one": edit(
        "two mistakes", (10, 12, 8, 5), WO, WO.replace("(W", "(H"), BORDER, f"xp = np.pad(x, {ONE})"
    ),
}

# Mistakes that belong to one way of writing it.
OWN = {
    "place_by_place": {
        "loops_over_the_input": edit(
            "loops over the input", (5, 12, 8, 5), "for i in range(Ho):", "for i in range(0, H, s):"
        ),
        "loops_over_the_padded_input": edit(
            "loops over the input",
            FORWARD_WRONG,
            "for i in range(Ho):\n        for j in range(Wo):",
            "for i in range(0, H + 2 * p, s):\n        for j in range(0, W + 2 * p, s):",
        ),
        "plus_for_times": edit(
            "+ for *", FORWARD_WRONG, "field * w[f]", "field + w[f]", names={"plus-for-times"}
        ),
        "bias_left_out": edit("bias", FORWARD_WRONG, ") + b[f]", ")", names={"bias-left-out"}),
        "one_place_too_far": edit("index out of range", FORWARD_WRONG, "in range(Wo)", "in range(Wo + 1)"),
        "filters_counted_from_one": edit(
            "index out of range", FORWARD_WRONG, "in range(F)", "in range(1, F + 1)"
        ),
        "sums_over_the_batch": edit(
            "sums over the batch", (1, 12, 8, 5), "axis=(1, 2, 3)", "axis=None", names={"images-added-up"}
        ),
        "rows_by_the_filters_width": edit("square kernels only", (16, 12, 8, 5), "i * s + HH", "i * s + WW"),
        "stride_left_out": edit(
            "stride",
            (10, 12, 8, 5),
            "i * s:i * s + HH, j * s:j * s + WW",
            "i:i + HH, j:j + WW",
            names={"stride-left-out"},
        ),
        "column_from_the_row": edit(
            "rows and columns", FORWARD_WRONG, "j * s:j * s + WW", "i * s:i * s + WW"
        ),
        "x_as_the_name_of_a_loop": edit(
            "shadowed x",
            (20, 9, 6, 4),
            "for j in range(Wo):\n            field",
            "for x in range(Wo):\n            j = x\n            field",
        ),
        "dx_assigned": edit(
            "products", DX_WRONG, "dxp[:, :, rows, columns] +=", "dxp[:, :, rows, columns] ="
        ),
        "dw_assigned": edit("products", DW_WRONG, "dw += np.tensordot", "dw = np.tensordot"),
        "gradient_of_rows_and_columns_exchanged": edit(
            "rows and columns",
            (20, 0, 0, 5),
            "slice(i * step, i * step + HH), slice(j * step, j * step + WW)",
            "slice(j * step, j * step + HH), slice(i * step, i * step + WW)",
        ),
    },
    "columns": {
        "row_stride_for_columns": edit("rows and columns", (16, 10, 6, 3), "i * Wo + j", "i * Ho + j"),
        "bias_left_out": edit("bias", FORWARD_WRONG, ".T + b", ".T", names={"bias-left-out"}),
        "matrix_reshaped_without_transposing": edit(
            "result",
            FORWARD_WRONG,
            "out.transpose(0, 2, 1).reshape(N, F, Ho, Wo)",
            "out.reshape(N, F, Ho, Wo)",
        ),
        "rows_for_columns_in_the_result": edit(
            "rows and columns",
            (16, 12, 8, 5),
            "reshape(N, F, Ho, Wo)\n    return",
            "reshape(N, F, Wo, Ho)\n    return",
        ),
        "three_by_three_only": edit(
            "square kernels only", (9, 12, 8, 5), ".T + b", ".T + b\n    assert (HH, WW) == (3, 3)"
        ),
        "as_strided_not_imported": edit(
            "missing import",
            (0, 0, 0, 0),
            "    N, C = xp.shape[:2]\n    columns = np.zeros",
            "    N, C = xp.shape[:2]\n    as_strided(xp, xp.shape)\n    columns = np.zeros",
        ),
        "dx_overwritten": edit("products", DX_WRONG, "] += spread[:, i, j]", "] = spread[:, i, j]"),
        "dx_without_stride": edit(
            "stride in the backward",
            (20, 7, 8, 5),
            "i * step:i * step + HH, j * step:j * step + WW",
            "i:i + HH, j:j + WW",
            names={"dx-stride-left-out"},
        ),
        "filters_not_transposed": edit(
            "result", FORWARD_WRONG, "w.reshape(F, -1).T + b", "w.reshape(-1, F) + b"
        ),
    },
    "offsets": {
        "plus_for_times": edit(
            "+ for *",
            FORWARD_WRONG,
            "np.einsum('ncij,fc->nfij', seen, w[:, :, k, l])",
            "(seen[:, None] + w[None, :, :, k, l, None, None]).sum(axis=2)",
            names={"plus-for-times"},
        ),
        "bias_at_every_offset": edit(
            "bias", FORWARD_WRONG, "w[:, :, k, l])\n    out +=", "w[:, :, k, l])\n            out +="
        ),
        "last_offset_missing": edit(
            "index",
            FORWARD_WRONG,
            "for k in range(HH):\n        for l in range(WW):\n            seen",
            "for k in range(HH - 1):\n        for l in range(WW):\n            seen",
            names={"last-row-of-the-filter-missing"},
        ),
        "offset_out_of_range": edit(
            "index out of range", FORWARD_WRONG, "w[:, :, k, l])\n    out", "w[:, :, k + 1, l])\n    out"
        ),
        "dx_flipped": edit(
            "products",
            DX_WRONG,
            "dout, w[:, :, k, l])",
            "dout, w[:, :, -1 - k, -1 - l])",
            names={"dx-filter-flipped"},
        ),
        "dw_transposed": edit(
            "rows and columns",
            DW_WRONG,
            GIVE_BACK,
            "return dx, dw.swapaxes(2, 3), db",
            names={"dw-transposed"},
        ),
        "db_over_two_axes": edit(
            "sums over the batch", DB_WRONG, DB, "db = dout.sum(axis=(0, 1))", names={"db-over-filters"}
        ),
    },
    "windows": {
        "summed_over_images": edit(
            "sums over the batch",
            (1, 12, 8, 5),
            "->nfij', fields, w",
            "->fij', fields, w",
            names={"images-added-up"},
        ),
        "kernel_flipped": edit(
            "products",
            FORWARD_WRONG,
            "->nfij', fields, w)",
            "->nfij', fields, w[:, :, ::-1, ::-1])",
            names={"filter-flipped"},
        ),
        "dx_by_filters_that_are_not_turned": edit(
            "products", DX_WRONG, "w[:, :, ::-1, ::-1])\n    db", "w)\n    db", names={"dx-filter-flipped"}
        ),
        "stride_of_columns_by_one": edit("stride", (10, 12, 8, 5), "[:, :, ::s, ::s]", "[:, :, ::s, ::1]"),
        "rows_and_columns_exchanged": edit(
            "rows and columns",
            FORWARD_WRONG,
            "'ncijkl,fckl->nfij'",
            "'ncjikl,fckl->nfij'",
            names={"rows-and-columns-swapped"},
        ),
        "filters_by_columns_and_rows": edit(
            "rows and columns",
            FORWARD_WRONG,
            "'ncijkl,fckl->nfij'",
            "'ncijlk,fckl->nfij'",
            names={"filter-transposed"},
        ),
        "sliding_window_view_not_imported": edit(
            "missing import",
            FORWARD_WRONG,
            "np.lib.stride_tricks.sliding_window_view(xp",
            "sliding_window_view(xp",
        ),
        "dw_of_one_image": edit(
            "one image only",
            (20, 12, 1, 5),
            "dout, fields)",
            "dout[:1], fields[:1])",
            names={"dw-of-the-first-image"},
        ),
    },
}

# Not the usual words, and right all the same.
HABITS = {
    "np_lib_pad": edit("old habit", FULL, BORDER, BORDER.replace("np.pad", "np.lib.pad")),
    "np_int": edit(
        "old habit",
        FULL,
        HO,
        "Ho = np.int(1 + (H + 2 * p - HH) / s)",
        WO,
        "Wo = np.int(1 + (W + 2 * p - WW) / s)",
    ),
    "sizes_by_int": edit(
        "right",
        FULL,
        HO,
        "Ho = int(1 + (H + 2 * p - HH) / s)",
        WO,
        "Wo = int(np.floor((W + 2 * p - WW) / s)) + 1",
    ),
    "cache_with_the_border": edit(
        "right",
        FULL,
        GIVE,
        "return out, (xp, w, b, conv_param, x.shape)",
        "x, w, b, conv_param = cache",
        "padded, w, b, conv_param, shape = cache\n    x = np.empty(shape)",
        PADDED,
        "assert padded.ndim == 4",
    ),
}


def styled():
    """All of them: name, cause, points, names, and the source.

    A shared mistake is made in two of the styles, in turn.
    """
    styles = sorted(STYLES)
    chosen = [(style, name, one) for style, edits in OWN.items() for name, one in edits.items()]
    for number, (name, one) in enumerate({**SHARED, **HABITS}.items()):
        other = (number + 1 + number // len(styles) % (len(styles) - 1)) % len(styles)
        chosen += [(styles[k], name, one) for k in (number % len(styles), other)]
    for style, name, one in chosen:
        points, names = one.otherwise.get(style, (one.points, one.names))
        yield f"{style}_{name}", one.cause, points, names, one.applied(STYLES[style])
