/* Every other processor: vectors of 16 bytes, as the compiler makes them. */

#include "fastconv_instruction_sets.h"
#include "fastconv_threads.h"

#include <string.h>

#define INSTRUCTION_SET baseline
#define VECTOR_BYTES 16
#include "fastconv_vectors.h"
namespace fastconv::baseline {
constexpr int SUM_FILTERS = 6, SUM_VECTORS = 2;    // tile of sums over taps
constexpr int PRODUCT_FILTERS = 3, PRODUCT_TAPS = 4;  // tile of inner products
constexpr int PATCH_VECTORS = 12;                   // of one filter's gradient
}  // namespace
#include "fastconv_pooling.h"
#include "fastconv_convolution.h"
#include "fastconv_affine.h"
#include "fastconv_table.h"

namespace fastconv {
extern const InstructionSet BASELINE = {"baseline", baseline::table<float>(), baseline::table<double>()};
}
