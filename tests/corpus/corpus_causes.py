"""What is wrong with each of the changed plain loops (`corpus_wrong`): one cause of a small vocabulary."""

_NAMES = {
    "bias": """
        bias_left_out bias_subtracted bias_added_to_each_product bias_of_the_first_filter
        bias_once_for_each_channel bias_of_the_image""",
    "products": """
        kernel_flipped kernel_transposed channels_reversed mean_for_sum largest_for_sum
        first_channel_only last_channel_only one_filter_for_all last_row_of_the_kernel_left_out
        dw_assigned dw_without_the_gradient dw_flipped dw_of_the_first_channel_for_all dx_assigned
        dx_kernel_flipped dx_of_one_filter""",
    "+ for *": "plus_for_times",
    "one image only": """
        one_image_only first_image_for_all db_of_one_image dw_of_one_image dx_of_the_first_image""",
    "sums over the batch": """
        all_images_at_once dw_averaged_over_images dx_averaged_over_images db_is_a_mean
        db_summed_over_the_wrong_axes db_is_one_number""",
    "index": """
        last_filter_missing as_many_filters_as_channels last_row_missing last_column_missing""",
    "index out of range": "index_out_of_range",
    "stride": """
        stride_left_out_of_the_field stride_along_the_rows_only stride_left_out_of_the_size
        stride_fixed_at_two stride_fixed_at_one""",
    "stride in the backward": """
        dw_without_stride dx_without_stride stride_left_out_backwards""",
    "border of one": "pad_fixed_at_one dw_with_pad_one dx_cropped_by_one",
    "border": """
        pad_left_out pad_on_one_side pad_of_ones pad_repeats_the_edge pad_reflects pad_of_all_axes
        pad_counted_once size_without_the_one dw_from_the_image_without_its_border dx_not_cropped
        dx_cropped_at_the_corner""",
    "border only where pad is not 0": "breaks_without_a_pad",
    "empty crop": "dx_cropped_by_minus_pad",
    "rows and columns": """
        square_images_only width_from_the_kernels_height rows_and_columns_swapped result_transposed
        dw_with_columns_from_rows dx_width_from_height gradient_indexed_across""",
    "square kernels only": "square_kernels_only backward_for_square_kernels",
    "result": """
        filters_before_images channels_last right_by_broadcasting_only complex_result whole_numbers
        half_precision single_precision_always rounded_to_six_places objects a_list_of_lists
        dx_in_single_precision db_kept_as_a_column relu_too_many absolute_values
        forward_wrong_backward_right dx_and_dw_exchanged""",
    "noise": """
        a_nan_in_the_corner an_infinite_corner nan_where_a_sum_is_negative random_noise dx_with_a_nan""",
    "none": "nothing dw_none",
    "zeros": "zeros dw_zeros dx_zeros db_left_at_zero",
    "raises": "leaves_the_program backward_raises",
    "missing names": "undefined_name backward_not_there",
    "state": """
        x_changed_in_place w_changed_in_place result_depends_on_the_call_before
        bias_grows_with_each_call dout_changed_in_place state_from_the_last_forward_call
        cache_with_a_reshaped_w""",
    "whole numbers": "whole_numbers_refused whole_numbers_squeezed_into_bytes",
    "db": "db_of_the_last_place db_subtracted db_times_b",
    "one gradient only": "db_missing",
    "not written": "both_unfinished",
}
CAUSES_OF_PLAIN = {name: cause for cause, names in _NAMES.items() for name in names.split()}
