/* Intel and AMD processors with AVX2 and FMA: 16 registers of 32 bytes. */

#include "fastconv_instruction_sets.h"
#include "fastconv_threads.h"

#if FASTCONV_X86

#include <string.h>

/* From here on everything is compiled for this instruction set; no header may follow but the kernels. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define INSTRUCTION_SET avx2
#define VECTOR_BYTES 32
#include "fastconv_vectors.h"
namespace fastconv::avx2 {
constexpr int SUM_FILTERS = 6, SUM_VECTORS = 2;    // tile of sums over taps
constexpr int PRODUCT_FILTERS = 3, PRODUCT_TAPS = 4;  // tile of inner products
constexpr int PATCH_VECTORS = 12;                   // of one filter's gradient
}  // namespace
#include "fastconv_pooling.h"
#include "fastconv_convolution.h"
#include "fastconv_affine.h"
#include "fastconv_table.h"

namespace fastconv {
extern const InstructionSet AVX2 = {"avx2", avx2::table<float>(), avx2::table<double>()};
}

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
