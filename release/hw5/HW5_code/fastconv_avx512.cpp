/* Intel and AMD processors with AVX-512: 32 registers of 64 bytes. */

#include <string.h>

#include "fastconv_instruction_sets.h"
#include "fastconv_threads.h"

#if FASTCONV_X86

/* Everything below is compiled for this instruction set: include no header but the kernels'. */
#ifdef __clang__
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#endif

#define INSTRUCTION_SET avx512
#define VECTOR_BYTES 64
#include "fastconv_vectors.h"

namespace fastconv::INSTRUCTION_SET {
/* Tiles that fit into the registers: sums over runs, inner products, and a patch's runs. */
constexpr int SUM_FILTERS = 6, SUM_VECTORS = 4;
constexpr int PRODUCT_FILTERS = 5, PRODUCT_TAPS = 5;
constexpr int PATCH_RUNS = 24;
}  // namespace fastconv::INSTRUCTION_SET

#include "fastconv_all.h"

namespace fastconv {
const InstructionSet AVX512 = {"avx512", avx512::table<float>(), avx512::table<double>()};
}

#ifdef __clang__
#pragma clang attribute pop
#endif

#endif
