/* The instruction sets that the kernels are compiled for; each has a file of its own. */

#ifndef FASTCONV_INSTRUCTION_SETS_H
#define FASTCONV_INSTRUCTION_SETS_H

#include "fastconv_kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define FASTCONV_X86 1
#endif

namespace fastconv {

struct InstructionSet {
    const char* name;
    Kernels<float> of_float;
    Kernels<double> of_double;
};

extern const InstructionSet AVX512, AVX2, BASELINE;

}  // namespace fastconv

#endif
