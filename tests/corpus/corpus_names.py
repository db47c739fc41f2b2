"""Names beside those of the catalogue's variants: of exceptions, regimes, pairs and what is not written."""

_BY_NAMES = {
    "border-of-one-pixel": """
        columns_border_of_one offsets_border_of_one place_by_place_border_of_zeros_made_for_one""",
    "border-of-one-pixel fails-unless-pad-is-one": """
        windows_border_of_zeros_made_for_one""",
    "border-of-one-pixel width-from-height": """
        columns_width_and_border_of_one place_by_place_width_and_border_of_one""",
    "db-left-at-zero": """
        db_left_at_zero""",
    "db-left-at-zero dw-left-at-zero dx-left-at-zero out-left-at-zero": """
        offsets_zeros place_by_place_zeros""",
    "dw-left-at-zero": """
        dw_zeros""",
    "dx-border-of-one-pixel": """
        offsets_crop_of_one_to_the_size windows_crop_of_one_to_the_size""",
    "dx-left-at-zero": """
        dx_zeros place_by_place_zeros_as_dx windows_zeros_as_dx""",
    "fails-unless-filters-are-square": """
        backward_for_square_kernels columns_kernel_sizes_exchanged
        offsets_square_kernel_asserted place_by_place_kernel_sizes_exchanged
        place_by_place_rows_by_the_filters_width square_kernels_only
        windows_square_kernel_asserted""",
    "fails-unless-square": """
        columns_height_and_width_exchanged windows_height_and_width_exchanged""",
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
    "index-out-of-range": """
        columns_row_stride_for_columns index_out_of_range offsets_filters_for_the_kernels_height
        offsets_offset_out_of_range place_by_place_filters_counted_from_one
        place_by_place_loops_over_the_padded_input place_by_place_one_place_too_far""",
    "index-out-of-range loops-over-the-input": """
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
    "no-value-yet": """
        breaks_without_a_pad columns_border_only_where_there_is_one_in_the_backward
        offsets_border_only_where_there_is_one_in_the_backward
        place_by_place_border_only_where_there_is_one windows_border_only_where_there_is_one""",
    "not-written": """
        an_unfinished_one_last backward_not_there both_unfinished columns_forward_alone
        columns_none_as_out columns_nothing_written columns_return_forgotten_in_the_backward
        columns_two_gradients db_missing dw_none nothing offsets_forward_alone
        offsets_none_as_dx offsets_one_gradient_only place_by_place_none_as_out
        place_by_place_return_forgotten_in_the_backward windows_none_as_dx
        windows_nothing_written windows_one_gradient_only windows_two_gradients""",
    "out-left-at-zero": """
        zeros""",
    "width-from-height": """
        windows_square_result""",
    "width-from-the-filters-height": """
        columns_width_from_the_kernels_height offsets_width_from_the_kernels_height
        width_from_the_kernels_height""",
}
NAMES = {name: frozenset(names.split()) for names, entries in _BY_NAMES.items() for name in entries.split()}
