/* Intel and AMD processors with AVX2 and FMA: 16 registers of 32 bytes. */

#include <string.h>

#include "fastconv_instruction_sets.h"
#include "fastconv_threads.h"

#if FASTCONV_X86

/* Everything below is compiled for this instruction set: include no header but the kernels'. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define INSTRUCTION_SET avx2
#define VECTOR_BYTES 32
#include "fastconv_vectors.h"

namespace fastconv::INSTRUCTION_SET {
/* Tiles that fit into the registers: sums over runs, inner products, and a patch's runs. */
constexpr int SUM_FILTERS = 6, SUM_VECTORS = 2;
constexpr int PRODUCT_FILTERS = 3, PRODUCT_TAPS = 4;
constexpr int PATCH_RUNS = 12;
}  // namespace fastconv::INSTRUCTION_SET

#include "fastconv_all.h"

namespace fastconv {
const InstructionSet AVX2 = {"avx2", avx2::table<float>(), avx2::table<double>()};
}

#ifdef __clang__
#pragma clang attribute pop
#endif

#endif
