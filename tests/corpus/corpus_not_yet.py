"""Entries that are not yet judged or named as they should be: who mends one takes it out."""

# A crop that raises costs more than the same crop that is returned; nothing is earned by zeros.
NOT_YET_RIGHT = frozenset(
    {
        "columns_crop_by_minus_pad_assigned",
        "columns_crop_by_minus_pad_reshaped",
        "columns_crop_of_one_assigned",
        "offsets_crop_asserted",
        "offsets_zeros",
        "place_by_place_crop_by_minus_pad_reshaped",
        "place_by_place_zeros",
        "windows_crop_asserted",
        "windows_crop_by_minus_pad_assigned",
        "windows_crop_of_one_assigned",
    }
)

# By cause.
_BY_CAUSE = {
    "index": """
        as_many_filters_as_channels""",
    "stride": """
        stride_left_out_of_the_size windows_stride_of_columns_by_one""",
    "border": """
        pad_left_out pad_of_all_axes pad_counted_once size_without_the_one
        dw_from_the_image_without_its_border""",
    "border only where pad is not 0": """
        breaks_without_a_pad windows_border_only_where_there_is_one
        place_by_place_border_only_where_there_is_one
        columns_border_only_where_there_is_one_in_the_backward
        offsets_border_only_where_there_is_one_in_the_backward""",
    "square kernels only": """
        square_kernels_only backward_for_square_kernels place_by_place_rows_by_the_filters_width
        columns_three_by_three_only columns_kernel_sizes_exchanged
        place_by_place_kernel_sizes_exchanged windows_square_kernel_asserted
        offsets_square_kernel_asserted""",
    "rows and columns": """
        width_from_the_kernels_height dw_with_columns_from_rows gradient_indexed_across
        place_by_place_column_from_the_row place_by_place_gradient_of_rows_and_columns_exchanged
        columns_row_stride_for_columns columns_rows_for_columns_in_the_result
        columns_width_from_the_kernels_height offsets_width_from_the_kernels_height
        windows_square_result windows_height_and_width_exchanged
        columns_height_and_width_exchanged offsets_dx_transposed windows_dx_transposed""",
    "none": """
        nothing dw_none columns_none_as_out place_by_place_none_as_out offsets_none_as_dx
        windows_none_as_dx place_by_place_return_forgotten_in_the_backward
        columns_return_forgotten_in_the_backward""",
    "zeros": """
        zeros db_left_at_zero dw_zeros dx_zeros place_by_place_zeros_as_dx windows_zeros_as_dx
        windows_empty_arrays_as_gradients columns_empty_arrays_as_gradients""",
    "missing names": """
        undefined_name backward_not_there method_without_its_self
        offsets_helper_of_another_notebook place_by_place_helper_of_another_notebook
        place_by_place_name_misspelt_in_the_backward windows_name_misspelt_in_the_backward
        windows_name_of_the_forward_in_the_backward columns_name_of_the_forward_in_the_backward""",
    "index out of range": """
        index_out_of_range place_by_place_one_place_too_far
        place_by_place_filters_counted_from_one offsets_offset_out_of_range""",
    "one gradient only": """
        db_missing windows_one_gradient_only offsets_one_gradient_only columns_two_gradients
        windows_two_gradients""",
    "not written": """
        both_unfinished an_unfinished_one_last columns_nothing_written windows_nothing_written
        offsets_forward_alone columns_forward_alone
        place_by_place_backward_says_that_it_is_not_written
        offsets_backward_says_that_it_is_not_written""",
    "float sizes": """
        future_division_that_counts true_division_without_a_sign_of_python_2
        columns_sizes_by_true_division offsets_sizes_by_true_division""",
    "loops over the input": """
        place_by_place_loops_over_the_input place_by_place_loops_over_the_padded_input""",
    "shadowed x": """
        place_by_place_x_as_the_name_of_a_loop columns_x_shadowed_by_the_border
        place_by_place_x_shadowed_by_the_border offsets_x_shadowed_by_a_list
        windows_x_shadowed_by_a_list""",
    "products": """
        place_by_place_dx_assigned columns_dx_overwritten""",
    "missing import": """
        columns_as_strided_not_imported windows_sliding_window_view_not_imported
        columns_math_not_imported offsets_math_not_imported""",
    "bias": """
        offsets_bias_at_every_offset""",
    "not the student's cache": """
        offsets_a_cache_of_its_own_after_sizes_by_true_division
        place_by_place_a_cache_of_its_own_after_sizes_by_true_division""",
    "border of one": """
        windows_crop_of_one_to_the_size offsets_crop_of_one_to_the_size offsets_border_of_one
        columns_border_of_one windows_border_of_zeros_made_for_one
        place_by_place_border_of_zeros_made_for_one""",
    "F for HH": """
        offsets_filters_for_the_kernels_height columns_filters_for_the_kernels_height""",
    "out a tuple": """
        place_by_place_out_a_tuple offsets_out_a_tuple windows_result_in_a_list
        place_by_place_result_in_a_list""",
    "sums over the batch": """
        columns_out_summed_over_the_batch windows_out_summed_over_the_batch""",
    "stride in the backward": """
        windows_stride_of_one_in_the_backward columns_stride_twice_in_the_backward
        offsets_stride_twice_in_the_backward""",
    "two mistakes": """
        columns_width_and_border_of_one place_by_place_width_and_border_of_one""",
}
NOT_YET_NAMED = {name: cause for cause, names in _BY_CAUSE.items() for name in names.split()}
