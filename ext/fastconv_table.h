/* All kernels of one instruction set. */

namespace fastconv::INSTRUCTION_SET {

template <class real>
constexpr Kernels<real> table() {
    return {
        conv_forward<real>,           conv_backward<real>,
        pool_forward<real>,           pool_backward<real>,
        conv_relu_pool_forward<real>, conv_relu_pool_backward<real>,
        affine_forward<real>,         affine_backward<real>,
        adam_step<real>,
    };
}

}  // namespace fastconv::INSTRUCTION_SET
