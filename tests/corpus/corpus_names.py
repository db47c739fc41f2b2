"""Names beside those of the catalogue's variants: of exceptions, regimes, pairs and what is not written."""

_BY_NAMES = {
    "always-empty": """
        columns_empty_arrays_as_gradients windows_empty_arrays_as_gradients""",
    "array-in-a-sequence": """
        offsets_out_a_tuple place_by_place_out_a_tuple place_by_place_result_in_a_list
        windows_result_in_a_list""",
    "as-many-filters-as-channels": """
        as_many_filters_as_channels""",
    "bias-at-every-offset": """
        offsets_bias_at_every_offset""",
    "border-of-one-pixel": """
        columns_border_of_one offsets_border_of_one place_by_place_border_of_zeros_made_for_one""",
    "border-of-one-pixel fails-unless-pad-is-one": """
        windows_border_of_zeros_made_for_one""",
    "border-of-one-pixel width-from-height": """
        columns_width_and_border_of_one place_by_place_width_and_border_of_one""",
    "columns-from-the-row": """
        place_by_place_column_from_the_row""",
    "db-left-at-zero": """
        db_left_at_zero""",
    "db-left-at-zero dw-left-at-zero dx-left-at-zero out-left-at-zero": """
        offsets_zeros place_by_place_zeros""",
    "db-rows-and-columns-swapped dw-rows-and-columns-swapped dx-rows-and-columns-swapped": """
        gradient_indexed_across""",
    "dw-border-twice dx-border-twice": """
        columns_x_shadowed_by_the_border place_by_place_x_shadowed_by_the_border""",
    "dw-columns-from-the-row": """
        dw_with_columns_from_rows""",
    "dw-left-at-zero": """
        dw_zeros""",
    "dw-overwritten": """
        dw_assigned place_by_place_dw_assigned""",
    "dw-rows-and-columns-swapped dx-rows-and-columns-swapped": """
        place_by_place_gradient_of_rows_and_columns_exchanged""",
    "dx-border-of-one-pixel": """
        offsets_crop_of_one_to_the_size windows_crop_of_one_to_the_size""",
    "dx-left-at-zero": """
        dx_zeros place_by_place_zeros_as_dx windows_zeros_as_dx""",
    "dx-overwritten": """
        columns_dx_overwritten dx_assigned place_by_place_dx_assigned""",
    "dx-transposed": """
        offsets_dx_transposed windows_dx_transposed""",
    "fails-unless-as-many-filters-as-rows": """
        columns_filters_for_the_kernels_height""",
    "fails-unless-as-many-filters-as-rows index-out-of-range": """
        offsets_filters_for_the_kernels_height""",
    "fails-unless-filters-are-square": """
        backward_for_square_kernels columns_kernel_sizes_exchanged
        offsets_square_kernel_asserted place_by_place_kernel_sizes_exchanged
        place_by_place_rows_by_the_filters_width square_kernels_only
        windows_square_kernel_asserted""",
    "fails-unless-filters-are-three-by-three": """
        columns_three_by_three_only""",
    "fails-unless-square": """
        columns_height_and_width_exchanged""",
    "fails-unless-square sizes-in-the-other-order": """
        windows_height_and_width_exchanged""",
    "fails-unless-stride-is-two": """
        columns_stride_twice_in_the_backward offsets_stride_twice_in_the_backward""",
    "fails-with-pad": """
        dw_from_the_image_without_its_border pad_counted_once pad_left_out pad_of_all_axes""",
    "fails-with-stride": """
        stride_left_out_of_the_size windows_stride_of_columns_by_one
        windows_stride_of_one_in_the_backward""",
    "float-for-whole-number": """
        columns_sizes_by_true_division future_division_that_counts
        offsets_a_cache_of_its_own_after_sizes_by_true_division offsets_sizes_by_true_division
        place_by_place_a_cache_of_its_own_after_sizes_by_true_division
        true_division_without_a_sign_of_python_2""",
    "images-added-up": """
        columns_out_summed_over_the_batch windows_out_summed_over_the_batch""",
    "index-out-of-range": """
        columns_row_stride_for_columns index_out_of_range offsets_offset_out_of_range
        place_by_place_filters_counted_from_one
        place_by_place_loops_over_the_padded_input place_by_place_one_place_too_far""",
    "loops-over-the-input": """
        place_by_place_loops_over_the_input""",
    "unpacked-into-other-names": """
        cache_with_a_reshaped_w""",
    "name-not-defined": """
        columns_as_strided_not_imported columns_math_not_imported
        columns_name_of_the_forward_in_the_backward offsets_helper_of_another_notebook
        offsets_math_not_imported place_by_place_helper_of_another_notebook
        place_by_place_name_misspelt_in_the_backward undefined_name
        windows_name_misspelt_in_the_backward windows_name_of_the_forward_in_the_backward
        windows_sliding_window_view_not_imported""",
    "no-array": """
        offsets_x_shadowed_by_a_list place_by_place_x_as_the_name_of_a_loop
        windows_x_shadowed_by_a_list""",
    "no-value-yet": """
        breaks_without_a_pad columns_border_only_where_there_is_one_in_the_backward
        offsets_border_only_where_there_is_one_in_the_backward
        place_by_place_border_only_where_there_is_one windows_border_only_where_there_is_one""",
    "not-written": """
        an_unfinished_one_last backward_not_there both_unfinished columns_forward_alone
        offsets_backward_says_that_it_is_not_written
        place_by_place_backward_says_that_it_is_not_written
        columns_none_as_out columns_nothing_written columns_return_forgotten_in_the_backward
        columns_two_gradients db_missing dw_none nothing offsets_forward_alone
        offsets_none_as_dx offsets_one_gradient_only place_by_place_none_as_out
        place_by_place_return_forgotten_in_the_backward windows_none_as_dx
        windows_nothing_written windows_one_gradient_only windows_two_gradients""",
    "other-arguments": """
        method_without_its_self""",
    "out-left-at-zero": """
        zeros""",
    "size-one-too-small": """
        size_without_the_one""",
    "sizes-in-the-other-order": """
        columns_rows_for_columns_in_the_result""",
    "width-from-height": """
        windows_square_result""",
    "width-from-the-filters-height": """
        columns_width_from_the_kernels_height offsets_width_from_the_kernels_height
        width_from_the_kernels_height""",
}
NAMES = {name: frozenset(names.split()) for names, entries in _BY_NAMES.items() for name in entries.split()}
