/* Max pooling: see fastconv_kernels.h. As in np.max and np.argmax, the first of equal pixels wins, and a NaN
   wins over every number.

   Windows are taken in chunks: as many rows as a chunk holds, or a part of a row. The winners are integers as
   wide as the numbers, so that comparing and choosing use the same lanes; a second loop over the whole chunk
   narrows them. The backward pass widens them likewise. */

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

constexpr long CHUNK = 256;        // windows
constexpr int NOT_A_NUMBER = 128;  // in place of a winner

template <class real>
INLINE bool wins(real pixel, real best) {
    return !(pixel <= best) & (best == best);
}

/* Windows of 2 x 2 that don't overlap: `above` and `below` are the two rows of pixels that they cover.
   Where a pixel may be NaN, which these comparisons would miss, the winner is NOT_A_NUMBER. */
template <class real>
INLINE void pool_2x2(
    const real* __restrict above, const real* __restrict below, long windows, real* __restrict best,
    integer<real>* __restrict winner) {
    for (long i = 0; i < windows; i++) {
        const real a = above[2 * i], b = above[2 * i + 1], c = below[2 * i], d = below[2 * i + 1];
        const real upper = b > a ? b : a, lower = d > c ? d : c;
        const integer<real> in_upper = b > a ? 1 : 0, in_lower = d > c ? 3 : 2;
        const real sum = (a + b) + (c + d);
        best[i] = lower > upper ? lower : upper;
        const integer<real> won = lower > upper ? in_lower : in_upper;
        winner[i] = sum == sum ? won : NOT_A_NUMBER;
    }
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

inline bool in_halves(const Pooling& p) {
    return p.window_height == 2 && p.window_width == 2 && p.stride == 2;
}

/* The number of rows of windows in a chunk. */
inline long chunk_rows(const Pooling& p) { return most(1, CHUNK / p.columns); }

/* Pool a chunk of rows x columns windows; `corner` is the first pixel of the first of them. */
template <class real>
INLINE void pool_chunk(
    const Pooling& p, const real* corner, long rows, long columns, real* __restrict out,
    integer<real>* __restrict winner) {
    const long step = p.stride * p.width;
    integer<real> marks = NOT_A_NUMBER;
    if (in_halves(p)) {
        for (long i = 0; i < rows; i++) {
            const real* above = corner + i * step;
            pool_2x2(above, above + p.width, columns, out + i * columns, winner + i * columns);
        }
        marks = 0;
        for (long i = 0; i < rows * columns; i++) marks |= winner[i];
    }
    if ((marks & NOT_A_NUMBER) == 0) return;
    for (long i = 0; i < rows; i++) {
        pool_any(p, corner + i * step, columns, out + i * columns, winner + i * columns);
    }
}

/* Pool `rows` rows of windows; `plane` is the first pixel of the first of them. */
template <class real, class index>
void pool_rows(
    const Pooling& p, const real* plane, long rows, bool relu, real* __restrict out,
    index* __restrict winner) {
    integer<real> wide[CHUNK];
    for (long row = 0; row < rows; row += chunk_rows(p)) {
        const long high = least(chunk_rows(p), rows - row);
        for (long first = 0; first < p.columns; first += CHUNK) {
            const long columns = least(CHUNK, p.columns - first), windows = high * columns;
            pool_chunk(p, plane + (row * p.width + first) * p.stride, high, columns, out, wide);
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
    const real* __restrict dout, const integer<real>* __restrict winner, long windows, real* __restrict above,
    real* __restrict below) {
    for (long i = 0; i < windows; i++) {
        above[2 * i] = winner[i] == 0 ? dout[i] : 0;
        above[2 * i + 1] = winner[i] == 1 ? dout[i] : 0;
    }
    for (long i = 0; i < windows; i++) {
        below[2 * i] = winner[i] == 2 ? dout[i] : 0;
        below[2 * i + 1] = winner[i] == 3 ? dout[i] : 0;
    }
}

/* The gradients of the pixels under a chunk of rows x columns windows; `corner` is the first of them. */
template <class real>
INLINE void spread_chunk(
    const Pooling& p, const real* dout, const unsigned char* winner, long rows, long columns, real* corner) {
    integer<real> wide[CHUNK];
    for (long i = 0; i < rows * columns; i++) wide[i] = winner[i];
    for (long i = 0; i < rows; i++) {
        real* above = corner + 2 * i * p.width;
        spread_2x2(dout + i * columns, wide + i * columns, columns, above, above + p.width);
    }
}

template <class real>
void spread_plane_2x2(const Pooling& p, const real* dout, const unsigned char* winner, real* dx) {
    for (long row = 0; row < p.rows; row += chunk_rows(p)) {
        const long high = least(chunk_rows(p), p.rows - row);
        for (long first = 0; first < p.columns; first += CHUNK) {
            const long columns = least(CHUNK, p.columns - first);
            spread_chunk(p, dout, winner, high, columns, dx + 2 * (row * p.width + first));
            dout += high * columns;
            winner += high * columns;
        }
    }
    if (p.width % 2) {
        for (long row = 0; row < 2 * p.rows; row++) dx[(row + 1) * p.width - 1] = 0;
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
    } else if (in_halves(p)) {
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
