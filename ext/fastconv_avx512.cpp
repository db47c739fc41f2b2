/* Intel and AMD processors with AVX-512: 32 registers of 64 bytes. */

#include "fastconv_instruction_sets.h"
#include "fastconv_threads.h"

#if FASTCONV_X86

#include <string.h>

/* From here on everything is compiled for this instruction set; no header may follow but the kernels. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#endif

#define INSTRUCTION_SET avx512
#define VECTOR_BYTES 64
#include "fastconv_vectors.h"
namespace fastconv::avx512 {
constexpr int SUM_FILTERS = 6, SUM_VECTORS = 4;    // tile of sums over taps
constexpr int PRODUCT_FILTERS = 5, PRODUCT_TAPS = 5;  // tile of inner products
constexpr int PATCH_VECTORS = 12;                   // of one filter's gradient
}  // namespace
#include "fastconv_pooling.h"
#include "fastconv_convolution.h"
#include "fastconv_affine.h"
#include "fastconv_table.h"

namespace fastconv {
extern const InstructionSet AVX512 = {"avx512", avx512::table<float>(), avx512::table<double>()};
}

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
