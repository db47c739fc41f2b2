/* Every other processor: vectors of 16 bytes, as the compiler makes them. */

#include <string.h>

#include "fastconv_instruction_sets.h"
#include "fastconv_threads.h"

#define INSTRUCTION_SET baseline
#define VECTOR_BYTES 16
#include "fastconv_vectors.h"

namespace fastconv::INSTRUCTION_SET {
/* Tiles that fit into the registers: sums over runs, inner products, and a patch's runs. */
constexpr int SUM_FILTERS = 6, SUM_VECTORS = 2;
constexpr int PRODUCT_FILTERS = 3, PRODUCT_TAPS = 4;
constexpr int PATCH_RUNS = 12;
}  // namespace fastconv::INSTRUCTION_SET

#include "fastconv_all.h"

namespace fastconv {
const InstructionSet BASELINE = {"baseline", baseline::table<float>(), baseline::table<double>()};
}
