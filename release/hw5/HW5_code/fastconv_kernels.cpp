#include "fastconv_kernels.h"

#include "fastconv_instruction_sets.h"

namespace fastconv {
namespace {

struct Available {
    const InstructionSet* sets[3];
    int count;
};

Available look_at_processor() {
    Available found = {};
#if FASTCONV_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        found.sets[found.count++] = &AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        found.sets[found.count++] = &AVX2;
    }
#endif
    found.sets[found.count++] = &BASELINE;
    return found;
}

const Available available = look_at_processor();
int in_use = 0;

}  // namespace

const Kernels<float>& kernels(const float*) { return available.sets[in_use]->of_float; }

const Kernels<double>& kernels(const double*) { return available.sets[in_use]->of_double; }

int instruction_sets() { return available.count; }

const char* instruction_set_name(int index) { return available.sets[index]->name; }

int instruction_set() { return in_use; }

void use_instruction_set(int index) { in_use = index; }

}  // namespace fastconv
