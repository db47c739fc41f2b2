/* All kernels for one instruction set, and the table of them. */

#include "fastconv_pooling.h"
#include "fastconv_unfolding.h"
#include "fastconv_convolution.h"
#include "fastconv_halves.h"
#include "fastconv_patches.h"
#include "fastconv_affine.h"

namespace fastconv::INSTRUCTION_SET {

template <class real>
constexpr Kernels<real> table() {
    return {
        conv_forward<real>,   conv_backward<real>,          pool_forward<real>,
        pool_backward<real>,  conv_relu_pool_forward<real>, conv_relu_pool_backward<real>,
        affine_forward<real>, affine_backward<real>,        adam_step<real>,
    };
}

}  // namespace fastconv::INSTRUCTION_SET
