#include <stddef.h>

static double affinecore_sum(const double *values, ptrdiff_t count) {
    double sum = 0.0;
    for (ptrdiff_t i = 0; i < count; i++) sum += values[i];
    return sum;
}
