"""Entries that are not yet judged or named as they should be: who mends one takes it out."""

# A crop that raises costs more than the same crop that is returned.
NOT_YET_RIGHT = frozenset(
    {
        "columns_crop_by_minus_pad_assigned",
        "columns_crop_by_minus_pad_reshaped",
        "columns_crop_of_one_assigned",
        "offsets_crop_asserted",
        "place_by_place_crop_by_minus_pad_reshaped",
        "windows_crop_asserted",
        "windows_crop_by_minus_pad_assigned",
        "windows_crop_of_one_assigned",
    }
)

# By cause.
_BY_CAUSE = {
    "index": """
        as_many_filters_as_channels""",
    "border": """
        size_without_the_one""",
    "rows and columns": """
        dw_with_columns_from_rows gradient_indexed_across place_by_place_column_from_the_row
        place_by_place_gradient_of_rows_and_columns_exchanged
        columns_rows_for_columns_in_the_result offsets_dx_transposed windows_dx_transposed""",
    "zeros": """
        windows_empty_arrays_as_gradients columns_empty_arrays_as_gradients""",
    "missing names": """
        method_without_its_self""",
    "not written": """
        place_by_place_backward_says_that_it_is_not_written
        offsets_backward_says_that_it_is_not_written""",
    "square kernels only": """
        columns_three_by_three_only""",
    "shadowed x": """
        place_by_place_x_as_the_name_of_a_loop columns_x_shadowed_by_the_border
        place_by_place_x_shadowed_by_the_border offsets_x_shadowed_by_a_list
        windows_x_shadowed_by_a_list""",
    "products": """
        place_by_place_dx_assigned columns_dx_overwritten place_by_place_dw_assigned""",
    "bias": """
        offsets_bias_at_every_offset""",
    "F for HH": """
        columns_filters_for_the_kernels_height""",
    "out a tuple": """
        place_by_place_out_a_tuple offsets_out_a_tuple windows_result_in_a_list
        place_by_place_result_in_a_list""",
    "sums over the batch": """
        columns_out_summed_over_the_batch windows_out_summed_over_the_batch""",
    "stride in the backward": """
        columns_stride_twice_in_the_backward offsets_stride_twice_in_the_backward""",
}
NOT_YET_NAMED = {name: cause for cause, names in _BY_CAUSE.items() for name in names.split()}
