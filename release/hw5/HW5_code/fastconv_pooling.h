/* Max pooling: see fastconv_kernels.h. As in np.max and np.argmax, the first of equal pixels wins, and a NaN
   wins over every number.

   A row of windows is taken in chunks. The winners are integers as wide as the numbers, so that comparing and
   choosing use the same lanes; a second loop narrows them. */

namespace fastconv::INSTRUCTION_SET {

template <class real>
struct IntegerAsWide;
template <>
struct IntegerAsWide<float> {
    typedef int type;
};
template <>
struct IntegerAsWide<double> {
    typedef long type;
};
template <class real>
using integer = typename IntegerAsWide<real>::type;

constexpr long CHUNK = 256;  // windows

template <class real>
INLINE bool wins(real pixel, real best) {
    return !(pixel <= best) & (best == best);
}

/* Windows of 2 x 2 that don't overlap: `above` and `below` are the two rows of pixels that they cover.
   Returns false if a pixel may be NaN, which these comparisons would miss. */
template <class real>
INLINE bool pool_2x2(
    const real* __restrict above, const real* __restrict below, long windows, real* __restrict best,
    integer<real>* __restrict winner) {
    integer<real> not_numbers = 0;
    for (long i = 0; i < windows; i++) {
        const real a = above[2 * i], b = above[2 * i + 1], c = below[2 * i], d = below[2 * i + 1];
        const real upper = b > a ? b : a, lower = d > c ? d : c;
        const integer<real> in_upper = b > a ? 1 : 0, in_lower = d > c ? 3 : 2;
        const real sum = (a + b) + (c + d);
        best[i] = lower > upper ? lower : upper;
        winner[i] = lower > upper ? in_lower : in_upper;
        not_numbers |= sum == sum ? 0 : 1;
    }
    return not_numbers == 0;
}

/* Windows of any size: `corner` is the first pixel of the first of them. */
template <class real>
void pool_any(const Pooling& p, const real* corner, long windows, real* best, integer<real>* winner) {
    for (long i = 0; i < windows; i++) {
        best[i] = corner[i * p.stride];
        winner[i] = 0;
    }
    for (long place = 1; place < p.places(); place++) {
        const real* pixels = corner + place / p.window_width * p.width + place % p.window_width;
        for (long i = 0; i < windows; i++) {
            const real pixel = pixels[i * p.stride];
            const bool won = wins(pixel, best[i]);
            best[i] = won ? pixel : best[i];
            winner[i] = won ? static_cast<integer<real>>(place) : winner[i];
        }
    }
}

/* ReLU: negative numbers become zero, and a window without a positive number has no winner. */
template <class real>
INLINE void close_windows(
    const Pooling& p, long windows, real* __restrict best, integer<real>* __restrict winner) {
    const integer<real> nobody = static_cast<integer<real>>(p.places());
    for (long i = 0; i < windows; i++) {
        winner[i] = best[i] > 0 ? winner[i] : nobody;
        best[i] = best[i] <= 0 ? 0 : best[i];
    }
}

/* Pool `rows` rows of windows; `plane` is the first pixel of the first of them. */
template <class real, class index>
void pool_rows(
    const Pooling& p, const real* plane, long rows, bool relu, real* __restrict out,
    index* __restrict winner) {
    const bool halves = p.window_height == 2 && p.window_width == 2 && p.stride == 2;
    integer<real> wide[CHUNK];
    for (long row = 0; row < rows; row++, plane += p.stride * p.width) {
        for (long first = 0; first < p.columns; first += CHUNK) {
            const long windows = least(CHUNK, p.columns - first);
            const real* corner = plane + first * p.stride;
            if (!halves || !pool_2x2(corner, corner + p.width, windows, out, wide)) {
                pool_any(p, corner, windows, out, wide);
            }
            if (relu) close_windows(p, windows, out, wide);
            for (long i = 0; i < windows; i++) winner[i] = static_cast<index>(wide[i]);
            out += windows;
            winner += windows;
        }
    }
}

template <class real>
void pool_forward(const Pooling& p, const real* x, real* out, void* winner) {
    const long parts = least(p.planes, 64);
    for_parts(parts, [&](long part) {
        for (long i = share(p.planes, parts, part); i < share(p.planes, parts, part + 1); i++) {
            const real* plane = x + i * p.height * p.width;
            const long at = i * p.rows * p.columns;
            if (p.narrow()) {
                pool_rows(p, plane, p.rows, false, out + at, static_cast<unsigned char*>(winner) + at);
            } else {
                pool_rows(p, plane, p.rows, false, out + at, static_cast<unsigned*>(winner) + at);
            }
        }
    });
}

/* The gradients of two rows of pixels, from those of the windows of 2 x 2 that cover them. */
template <class real>
INLINE void spread_2x2(
    const real* __restrict dout, const unsigned char* __restrict winner, long windows, real* __restrict above,
    real* __restrict below) {
    integer<real> wide[CHUNK];
    for (long first = 0; first < windows; first += CHUNK) {
        const long some = least(CHUNK, windows - first);
        for (long i = 0; i < some; i++) wide[i] = winner[first + i];
        for (long i = 0; i < some; i++) {
            const real gradient = dout[first + i];
            above[2 * (first + i)] = wide[i] == 0 ? gradient : 0;
            above[2 * (first + i) + 1] = wide[i] == 1 ? gradient : 0;
        }
        for (long i = 0; i < some; i++) {
            const real gradient = dout[first + i];
            below[2 * (first + i)] = wide[i] == 2 ? gradient : 0;
            below[2 * (first + i) + 1] = wide[i] == 3 ? gradient : 0;
        }
    }
}

template <class real>
void spread_plane_2x2(const Pooling& p, const real* dout, const unsigned char* winner, real* dx) {
    for (long row = 0; row < p.rows; row++) {
        real* above = dx + 2 * row * p.width;
        spread_2x2(dout + row * p.columns, winner + row * p.columns, p.columns, above, above + p.width);
        if (p.width % 2) above[p.width - 1] = above[2 * p.width - 1] = 0;
    }
    if (p.height % 2) memset(dx + (p.height - 1) * p.width, 0, p.width * sizeof(real));
}

/* Whatever `winner` holds, nothing is written outside the plane: a winner that is no place is skipped. */
template <class real, class index>
void spread_plane_any(const Pooling& p, const real* dout, const index* winner, real* dx) {
    memset(dx, 0, p.height * p.width * sizeof(real));
    const unsigned long places = p.places();
    for (long row = 0; row < p.rows; row++) {
        for (long column = 0; column < p.columns; column++, dout++, winner++) {
            if (*winner >= places) continue;
            const long y = row * p.stride + *winner / p.window_width;
            dx[y * p.width + column * p.stride + *winner % p.window_width] += *dout;
        }
    }
}

/* The gradient of plane i; `dx` points to that plane. */
template <class real>
void spread_plane(const Pooling& p, const real* dout, const void* winner, long i, real* dx) {
    const long at = i * p.rows * p.columns;
    if (!p.narrow()) {
        spread_plane_any(p, dout + at, static_cast<const unsigned*>(winner) + at, dx);
    } else if (p.window_height == 2 && p.window_width == 2 && p.stride == 2) {
        spread_plane_2x2(p, dout + at, static_cast<const unsigned char*>(winner) + at, dx);
    } else {
        spread_plane_any(p, dout + at, static_cast<const unsigned char*>(winner) + at, dx);
    }
}

template <class real>
void pool_backward(const Pooling& p, const real* dout, const void* winner, real* dx) {
    const long parts = least(p.planes, 64);
    for_parts(parts, [&](long part) {
        for (long i = share(p.planes, parts, part); i < share(p.planes, parts, part + 1); i++) {
            spread_plane(p, dout, winner, i, dx + i * p.height * p.width);
        }
    });
}

}  // namespace fastconv::INSTRUCTION_SET
