"""Wrong in one way each: what is changed in the plain loops, and the points that are left.

The points are those for the forward pass, dx, dw and db (of 20, 12, 8 and 5).
"""

from pathlib import Path
from typing import NamedTuple

BASE = (Path(__file__).parent / "corpus_base.txt").read_text(encoding="utf-8")
FORWARD_WRONG = (0, 12, 8, 5)
DX_WRONG, DW_WRONG, DB_WRONG = (20, 0, 8, 5), (20, 12, 0, 5), (20, 12, 8, 0)
FULL = (20, 12, 8, 5)


Points = tuple[float, float, float, float]


class Wrong(NamedTuple):
    """One wrong version: edits of the plain loops, one text for another, each found just once."""

    points: Points
    edits: tuple[tuple[str, str], ...]

    @property
    def source(self) -> str:
        """The code."""
        text = BASE
        for old, new in self.edits:
            if text.count(old) != 1:
                raise ValueError(f"{old!r} is {text.count(old)} times in the plain loops, not once")
            text = text.replace(old, new)
        return text


def wrong(points, *edits):
    """A wrong version; edits are given as old, new, old, new, …"""
    return Wrong(points, tuple(zip(edits[::2], edits[1::2], strict=True)))


PAD_FORWARD = "x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))"
PAD_BACKWARD = "padded = np.pad(x, ((0, 0), (0, 0), (border, border), (border, border)))"
FIELD = "x_pad[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW]"
SUM = "np.sum(field * w[f]) + b[f]"
CROP = "dx = back[:, :, border:border + H, border:border + W]"
DW, DX, DB = (
    "dw[f] += grad * padded[n, :, rows, columns]",
    "back[n, :, rows, columns] += grad * w[f]",
    "db[f] += grad",
)
ROWS, COLUMNS = "slice(i * step, i * step + HH)", "slice(j * step, j * step + WW)"
GIVE = "    return out, cache"
GIVE_BACK = "    return dx, dw, db"
HEAD, HEAD_BACK = "def conv_forward_naive(x, w, b, conv_param):\n", "def conv_backward_naive(dout, cache):\n"

WRONG = {
    # --- the forward pass: the bias
    "bias_left_out": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f])"),
    "bias_subtracted": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f]) - b[f]"),
    "bias_added_to_each_product": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f] + b[f])"),
    "bias_of_the_first_filter": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f]) + b[0]"),
    "bias_once_for_each_channel": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f]) + C * b[f]"),
    "bias_of_the_image": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f]) + b[n % F]"),
    # --- the forward pass: the products
    "kernel_flipped": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f, :, ::-1, ::-1]) + b[f]"),
    "kernel_transposed": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f].swapaxes(1, 2)) + b[f]"),
    "channels_reversed": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f, ::-1]) + b[f]"),
    "plus_for_times": wrong(FORWARD_WRONG, SUM, "np.sum(field + w[f]) + b[f]"),
    "mean_for_sum": wrong(FORWARD_WRONG, SUM, "np.mean(field * w[f]) + b[f]"),
    "largest_for_sum": wrong(FORWARD_WRONG, SUM, "np.max(field * w[f]) + b[f]"),
    "first_channel_only": wrong(FORWARD_WRONG, SUM, "np.sum(field[0] * w[f, 0]) + b[f]"),
    "last_channel_only": wrong(FORWARD_WRONG, SUM, "np.sum(field[-1] * w[f, -1]) + b[f]"),
    "one_filter_for_all": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[0]) + b[f]"),
    "first_image_for_all": wrong((1, 12, 8, 5), FIELD, FIELD.replace("x_pad[n", "x_pad[0")),
    "all_images_at_once": wrong((1, 12, 8, 5), FIELD, FIELD.replace("x_pad[n, :", "x_pad[:, :")),
    "last_row_of_the_kernel_left_out": wrong(
        FORWARD_WRONG, SUM, "np.sum(field[:, :-1] * w[f][:, :-1]) + b[f]"
    ),
    "relu_too_many": wrong(FORWARD_WRONG, SUM, "max(0, np.sum(field * w[f]) + b[f])"),
    "absolute_values": wrong(FORWARD_WRONG, SUM, "abs(np.sum(field * w[f]) + b[f])"),
    # --- the forward pass: one image, filter, row or column short
    "one_image_only": wrong(
        (1, 12, 8, 5),
        "    for n in range(N):\n        for f in range(F):\n            for i in range(H_out)",
        "    for n in range(1):\n        for f in range(F):\n            for i in range(H_out)",
    ),
    "last_filter_missing": wrong(
        FORWARD_WRONG,
        "        for f in range(F):\n            for i in range(H_out)",
        "        for f in range(F - 1):\n            for i in range(H_out)",
    ),
    "as_many_filters_as_channels": wrong(
        (3, 12, 8, 5),
        "        for f in range(F):\n            for i in range(H_out)",
        "        for f in range(min(C, F)):\n            for i in range(H_out)",
    ),
    "last_row_missing": wrong(FORWARD_WRONG, "for i in range(H_out)", "for i in range(H_out - 1)"),
    "last_column_missing": wrong(FORWARD_WRONG, "for j in range(W_out)", "for j in range(W_out - 1)"),
    # --- the forward pass: sizes, stride and pad
    "stride_left_out_of_the_field": wrong((10, 12, 8, 5), FIELD, "x_pad[n, :, i:i + HH, j:j + WW]"),
    "stride_along_the_rows_only": wrong((10, 12, 8, 5), FIELD, FIELD.replace("j * stride", "j")),
    "stride_left_out_of_the_size": wrong(
        (10, 12, 8, 5), "H_out = 1 + (H + 2 * pad - HH) // stride", "H_out = 1 + (H + 2 * pad - HH)"
    ),
    "stride_fixed_at_two": wrong(
        (3, 12, 8, 5),
        "stride, pad = conv_param['stride'], conv_param['pad']",
        "stride, pad = 2, conv_param['pad']",
    ),
    "stride_fixed_at_one": wrong(
        (10, 12, 8, 5),
        "stride, pad = conv_param['stride'], conv_param['pad']",
        "stride, pad = 1, conv_param['pad']",
    ),
    "pad_fixed_at_one": wrong(
        (13, 12, 8, 5),
        "stride, pad = conv_param['stride'], conv_param['pad']",
        "stride, pad = conv_param['stride'], 1",
    ),
    "pad_left_out": wrong(FORWARD_WRONG, PAD_FORWARD, "x_pad = x"),
    "pad_on_one_side": wrong(
        FORWARD_WRONG, PAD_FORWARD, "x_pad = np.pad(x, ((0, 0), (0, 0), (2 * pad, 0), (2 * pad, 0)))"
    ),
    "pad_of_ones": wrong(FORWARD_WRONG, PAD_FORWARD, PAD_FORWARD[:-1] + ", constant_values=1)"),
    "pad_repeats_the_edge": wrong(FORWARD_WRONG, PAD_FORWARD, PAD_FORWARD[:-1] + ", mode='edge')"),
    "pad_reflects": wrong(FORWARD_WRONG, PAD_FORWARD, PAD_FORWARD[:-1] + ", mode='reflect')"),
    "pad_of_all_axes": wrong(FORWARD_WRONG, PAD_FORWARD, "x_pad = np.pad(x, pad)"),
    "pad_counted_once": wrong(FORWARD_WRONG, "H_out = 1 + (H + 2 * pad - HH)", "H_out = 1 + (H + pad - HH)"),
    "size_without_the_one": wrong(FORWARD_WRONG, "H_out = 1 + (H", "H_out = (H"),
    "breaks_without_a_pad": wrong((14, 12, 8, 5), PAD_FORWARD, "if pad:\n        " + PAD_FORWARD),
    "square_images_only": wrong((16, 12, 8, 5), "W_out = 1 + (W + 2", "W_out = 1 + (H + 2"),
    "square_kernels_only": wrong(
        (16, 12, 8, 5), "WW = w.shape\n    H_out", "_ = w.shape\n    WW = HH\n    H_out"
    ),
    "width_from_the_kernels_height": wrong((16, 12, 8, 5), "pad - WW) // stride", "pad - HH) // stride"),
    "rows_and_columns_swapped": wrong(
        FORWARD_WRONG, FIELD, "x_pad[n, :, j * stride:j * stride + HH, i * stride:i * stride + WW]"
    ),
    "result_transposed": wrong(FORWARD_WRONG, GIVE, "    return out.transpose(0, 1, 3, 2), cache"),
    "filters_before_images": wrong(FORWARD_WRONG, GIVE, "    return out.transpose(1, 0, 2, 3), cache"),
    # --- the forward pass: what is given back
    "channels_last": wrong(FORWARD_WRONG, GIVE, "    return out.transpose(0, 2, 3, 1), cache"),
    "right_by_broadcasting_only": wrong(FORWARD_WRONG, GIVE, "    return out[None], cache"),
    "complex_result": wrong(FORWARD_WRONG, GIVE, "    return out + 0j, cache"),
    "whole_numbers": wrong(
        (1, 12, 8, 5),
        "out = np.zeros((N, F, H_out, W_out))",
        "out = np.zeros((N, F, H_out, W_out), dtype=int)",
    ),
    "half_precision": wrong((1, 12, 8, 5), GIVE, "    return out.astype(np.float16), cache"),
    "single_precision_always": wrong((2, 12, 8, 5), GIVE, "    return out.astype(np.float32), cache"),
    "a_nan_in_the_corner": wrong(
        FORWARD_WRONG, GIVE, "    out[-1, -1, -1, -1] = np.nan\n    return out, cache"
    ),
    "an_infinite_corner": wrong(FORWARD_WRONG, GIVE, "    out[0, 0, 0, 0] = np.inf\n    return out, cache"),
    "nan_where_a_sum_is_negative": wrong(FORWARD_WRONG, GIVE, "    return np.sqrt(out) ** 2, cache"),
    "rounded_to_six_places": wrong((2, 12, 8, 5), GIVE, "    return out.round(6), cache"),
    "objects": wrong(FORWARD_WRONG, GIVE, "    return out.astype(object), cache"),
    "a_list_of_lists": wrong(FORWARD_WRONG, GIVE, "    return out.tolist(), cache"),
    "nothing": wrong(FORWARD_WRONG, GIVE, "    return None, cache"),
    "zeros": wrong(FORWARD_WRONG, GIVE, "    return out * 0, cache"),
    "leaves_the_program": wrong(FORWARD_WRONG, HEAD, HEAD + "    raise SystemExit(1)\n"),
    "undefined_name": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f]) + bias[f]"),
    "index_out_of_range": wrong(FORWARD_WRONG, SUM, "np.sum(field * w[f + 1]) + b[f]"),
    "random_noise": wrong((1, 12, 8, 5), GIVE, "    return out + 1e-6 * np.random.randn(*out.shape), cache"),
    # --- the forward pass: what it leaves behind
    "x_changed_in_place": wrong(
        (19, 12, 8, 5), GIVE, "    x *= 2\n    return out, (x / 2, w, b, conv_param)"
    ),
    "w_changed_in_place": wrong(
        (19, 12, 8, 5), GIVE, "    w[...] = w[:, :, ::-1]\n    return out, (x, w[:, :, ::-1], b, conv_param)"
    ),
    "result_depends_on_the_call_before": wrong(
        (14, 12, 8, 5),
        HEAD,
        "BEFORE = {}\n\n\n" + HEAD,
        GIVE,
        "    kept = BEFORE.setdefault(out.shape, out)\n    return kept, cache",
    ),
    "bias_grows_with_each_call": wrong(
        (3, 12, 8, 5),
        HEAD,
        "CALLS = [0]\n\n\n" + HEAD,
        GIVE,
        "    CALLS[0] += 1\n    return out + 1e-3 * (CALLS[0] - 1), cache",
    ),
    # --- the forward pass: whole numbers
    "whole_numbers_refused": wrong((19, 12, 8, 5), HEAD, HEAD + "    assert x.dtype.kind == 'f', x.dtype\n"),
    "whole_numbers_squeezed_into_bytes": wrong(
        (19, 12, 8, 5), HEAD, HEAD + "    x = x if x.dtype.kind == 'f' else (x * 99).astype(np.int8) / 99\n"
    ),
    # --- the backward pass: db
    "db_left_at_zero": wrong(DB_WRONG, DB, "pass"),
    "db_of_the_last_place": wrong(DB_WRONG, DB, "db[f] = grad"),
    "db_subtracted": wrong(DB_WRONG, DB, "db[f] -= grad"),
    "db_summed_over_the_wrong_axes": wrong(
        DB_WRONG, GIVE_BACK, "    return dx, dw, dout.sum(axis=(1, 2, 3))"
    ),
    "db_is_a_mean": wrong((20, 12, 8, 1), GIVE_BACK, "    return dx, dw, db / N"),
    "db_of_one_image": wrong((20, 12, 8, 1), GIVE_BACK, "    return dx, dw, dout[0].sum(axis=(1, 2))"),
    "db_kept_as_a_column": wrong(DB_WRONG, GIVE_BACK, "    return dx, dw, db[:, None]"),
    "db_is_one_number": wrong(DB_WRONG, GIVE_BACK, "    return dx, dw, dout.sum()"),
    "db_times_b": wrong(DB_WRONG, DB, "db[f] += grad * b[f]"),
    "db_missing": wrong(DB_WRONG, GIVE_BACK, "    return dx, dw"),
    # --- the backward pass: dw
    "dw_assigned": wrong(DW_WRONG, DW, DW.replace("+=", "=")),
    "dw_without_the_gradient": wrong(DW_WRONG, DW, DW.replace("grad * ", "")),
    "dw_from_the_image_without_its_border": wrong(
        DW_WRONG, DW, "dw[f] += grad * np.resize(x[n], padded[n].shape)[:, rows, columns]"
    ),
    "dw_of_one_image": wrong((20, 12, 1, 5), DW, DW.replace("padded[n", "padded[0")),
    "dw_flipped": wrong(DW_WRONG, GIVE_BACK, "    return dx, dw[:, :, ::-1, ::-1], db"),
    "dw_averaged_over_images": wrong((20, 12, 1, 5), GIVE_BACK, "    return dx, dw / N, db"),
    "dw_without_stride": wrong((20, 12, 4, 5), DW, "dw[f] += grad * padded[n, :, i:i + HH, j:j + WW]"),
    "dw_with_columns_from_rows": wrong(
        DW_WRONG, DW, "dw[f] += grad * padded[n, :, rows, i * step:i * step + WW]"
    ),
    "dw_of_the_first_channel_for_all": wrong(DW_WRONG, DW, "dw[f] += grad * padded[n, 0, rows, columns]"),
    "dw_with_pad_one": wrong(
        (20, 12, 6, 5), DW, "dw[f] += grad * np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))[n, :, rows, columns]"
    ),
    "dw_zeros": wrong(DW_WRONG, GIVE_BACK, "    return dx, np.zeros_like(w), db"),
    "dw_none": wrong(DW_WRONG, GIVE_BACK, "    return dx, None, db"),
    # --- the backward pass: dx
    "dx_assigned": wrong(DX_WRONG, DX, DX.replace("+=", "=")),
    "dx_kernel_flipped": wrong(DX_WRONG, DX, DX.replace("w[f]", "w[f, :, ::-1, ::-1]")),
    "dx_not_cropped": wrong((20, 2, 8, 5), CROP, "dx = back"),
    "dx_cropped_by_minus_pad": wrong((20, 10, 8, 5), CROP, "dx = back[:, :, border:-border, border:-border]"),
    "dx_cropped_by_one": wrong((20, 7, 8, 5), CROP, "dx = back[:, :, 1:-1, 1:-1]"),
    "dx_cropped_at_the_corner": wrong((20, 2, 8, 5), CROP, "dx = back[:, :, :H, :W]"),
    "dx_without_stride": wrong((20, 7, 8, 5), DX, "back[n, :, i:i + HH, j:j + WW] += grad * w[f]"),
    "dx_of_one_filter": wrong(DX_WRONG, DX, DX.replace("w[f]", "w[0]")),
    "dx_of_the_first_image": wrong((20, 1, 8, 5), DX, DX.replace("back[n", "back[0")),
    "dx_width_from_height": wrong(
        (20, 10, 8, 5), CROP, "dx = back[:, :, border:border + H, border:border + H]"
    ),
    "dx_averaged_over_images": wrong((20, 1, 8, 5), CROP, CROP + " / N"),
    "dx_with_a_nan": wrong(DX_WRONG, GIVE_BACK, "    dx[0, 0, 0, 0] = np.nan\n    return dx, dw, db"),
    "dx_zeros": wrong(DX_WRONG, GIVE_BACK, "    return np.zeros_like(x), dw, db"),
    "dx_in_single_precision": wrong((20, 3, 8, 5), GIVE_BACK, "    return dx.astype(np.float32), dw, db"),
    # --- the backward pass as a whole
    "stride_left_out_backwards": wrong((20, 7, 4, 5), ROWS, "slice(i, i + HH)", COLUMNS, "slice(j, j + WW)"),
    "dx_and_dw_exchanged": wrong((20, 0, 0, 5), GIVE_BACK, "    return dw, dx, db"),
    "gradient_indexed_across": wrong(
        (20, 0, 0, 3), "grad = dout[n, f, i, j]", "grad = dout[n, f, j % dout.shape[2], i % dout.shape[3]]"
    ),
    "backward_for_square_kernels": wrong(
        (20, 10, 6, 3), "columns = slice(j * step, j * step + WW)", "columns = slice(j * step, j * step + HH)"
    ),
    "dout_changed_in_place": wrong((20, 11, 7, 4), GIVE_BACK, "    dout *= 0\n    return dx, dw, db"),
    "backward_raises": wrong((20, 0, 0, 0), HEAD_BACK, HEAD_BACK + "    raise ValueError('later')\n"),
    "backward_not_there": wrong((20, 0, 0, 0), HEAD_BACK, "def conv_backward(dout, cache):\n"),
    "state_from_the_last_forward_call": wrong(
        (20, 12, 7, 5),
        GIVE,
        "    global LAST\n    LAST = x_pad\n    return out, cache",
        PAD_BACKWARD,
        "padded = LAST",
    ),
    "cache_with_a_reshaped_w": wrong(
        (20, 9, 6, 4), "cache = (x, w, b, conv_param)\n", "cache = (x, w.reshape(F, -1), b, conv_param)\n"
    ),
    # --- more than one thing
    "both_unfinished": wrong(
        (0, 0, 0, 0), GIVE, "    return None, cache", GIVE_BACK, "    return None, None, None"
    ),
    "forward_wrong_backward_right": wrong(FORWARD_WRONG, GIVE, "    return out * 1.0001, cache"),
}

# What a mistake is called; all the others have no name.
DIAGNOSES = {
    "bias_left_out": {"bias-left-out"},
    "bias_subtracted": {"bias-subtracted"},
    "bias_added_to_each_product": {"bias-in-every-product"},
    "bias_of_the_first_filter": {"bias-of-the-first-filter"},
    "bias_once_for_each_channel": {"bias-for-each-channel"},
    "bias_of_the_image": {"bias-by-image"},
    "kernel_flipped": {"filter-flipped"},
    "kernel_transposed": {"filter-transposed"},
    "channels_reversed": {"channels-reversed"},
    "plus_for_times": {"plus-for-times"},
    "mean_for_sum": {"mean-for-sum"},
    "largest_for_sum": {"largest-for-sum"},
    "first_channel_only": {"first-channel-only"},
    "last_channel_only": {"last-channel-only"},
    "one_filter_for_all": {"one-filter-for-all"},
    "first_image_for_all": {"first-image-for-all"},
    "all_images_at_once": {"images-added-up"},
    "last_row_of_the_kernel_left_out": {"last-row-of-the-filter-missing"},
    "relu_too_many": {"relu-applied"},
    "one_image_only": {"first-image-alone"},
    "last_filter_missing": {"last-filter-missing"},
    "last_row_missing": {"last-row-missing"},
    "last_column_missing": {"last-column-missing"},
    "stride_left_out_of_the_field": {"stride-left-out"},
    "stride_along_the_rows_only": {"stride-along-rows-only"},
    "stride_fixed_at_one": {"stride-always-one"},
    "stride_fixed_at_two": {"stride-always-two"},
    "pad_fixed_at_one": {"border-of-one-pixel"},
    "pad_on_one_side": {"border-before-only"},
    "pad_of_ones": {"border-of-ones"},
    "pad_repeats_the_edge": {"border-repeats-the-edge"},
    "pad_reflects": {"border-reflects"},
    "square_images_only": {"width-from-height"},
    "rows_and_columns_swapped": {"rows-and-columns-swapped"},
    "result_transposed": {"rows-and-columns-swapped"},
    "filters_before_images": {"filters-before-images"},
    "channels_last": {"channels-last"},
    "whole_numbers": {"whole-numbers-kept"},
    "db_of_the_last_place": {"db-overwritten"},
    "db_subtracted": {"db-subtracted"},
    "db_summed_over_the_wrong_axes": {"db-of-images"},
    "db_is_a_mean": {"db-averaged"},
    "db_of_one_image": {"db-of-the-first-image"},
    "db_kept_as_a_column": {"db-as-a-column"},
    "db_is_one_number": {"db-one-number"},
    "db_times_b": {"db-times-b"},
    "dw_assigned": {"dw-overwritten"},
    "dw_without_the_gradient": {"dw-without-dout"},
    "dw_of_one_image": {"dw-fields-of-the-first-image"},
    "dw_flipped": {"dw-filter-flipped"},
    "dw_averaged_over_images": {"dw-averaged"},
    "dw_without_stride": {"dw-stride-left-out"},
    "dw_of_the_first_channel_for_all": {"dw-first-channel-for-all"},
    "dw_with_pad_one": {"dw-border-of-one-pixel"},
    "dx_assigned": {"dx-overwritten"},
    "dx_kernel_flipped": {"dx-filter-flipped"},
    "dx_not_cropped": {"dx-border-kept"},
    "dx_cropped_by_minus_pad": {"dx-empty-without-pad"},
    "dx_cropped_by_one": {"dx-border-of-one-pixel"},
    "dx_cropped_at_the_corner": {"dx-cropped-at-the-end"},
    "dx_without_stride": {"dx-stride-left-out"},
    "dx_of_one_filter": {"dx-one-filter-for-all"},
    "dx_of_the_first_image": {"dx-gathered-in-the-first-image"},
    "dx_width_from_height": {"dx-width-from-height"},
    "dx_averaged_over_images": {"dx-averaged"},
    "stride_left_out_backwards": {"dw-stride-left-out", "dx-stride-left-out"},
    "dx_and_dw_exchanged": {"dw-is-dx", "dx-is-dw"},
}

# Odd, and still right: the backward pass gets the cache that the docstring promises.
FORGIVEN = {
    "cache_missing": wrong(FULL, GIVE, "    return out, None"),
    "only_out_is_given": wrong(FULL, GIVE, "    return out"),
}
