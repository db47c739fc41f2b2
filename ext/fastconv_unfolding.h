/* Unfolding an image into runs, one for every tap, and folding runs back: see fastconv_kernels.h. */

namespace fastconv::INSTRUCTION_SET {

constexpr long BAND_BYTES = 192 << 10;  // an unfolded band; it stays in the second cache, with its results

/* The layout of a band of `rows` output rows. */
template <class real>
struct Unfolding {
    long rows;
    long phase, plane, size;  // numbers in a row phase, in a (channel, column) and in all
    long line;                // numbers in a column phase of a line
    long line_phases;

    Unfolding(const Convolution& g, long rows) : rows(rows) {
        const long row_phases = least(g.stride, g.field_height);
        phase = round_up((rows + (g.field_height - 1) / g.stride) * g.columns + LANES<real>, LANES<real>);
        plane = row_phases * phase;
        size = g.channels * g.field_width * plane;
        line_phases = least(g.stride, g.field_width);
        line = round_up((g.width + 2 * g.pad) / g.stride + 1 + LANES<real>, LANES<real>);
    }
};

inline long taps(const Convolution& g) { return g.channels * g.field_height * g.field_width; }

/* The beginning of tap t. Taps are counted by channel, column, row, so that neighbours see rows of the same
   plane. */
template <class real>
void locate_taps(const Convolution& g, const Unfolding<real>& u, long* offset) {
    for (long plane = 0; plane < g.channels * g.field_width; plane++) {
        for (long y = 0; y < g.field_height; y++) {
            *offset++ = plane * u.plane + y % g.stride * u.phase + y / g.stride * g.columns;
        }
    }
}

/* The place of tap t in w (C, HH, WW). */
inline long place_of_tap(const Convolution& g, long t) {
    const long y = t % g.field_height, x = t / g.field_height % g.field_width;
    return (t / g.field_height / g.field_width * g.field_height + y) * g.field_width + x;
}

/* The number of output rows of one image that are unfolded at a time. */
template <class real>
long band_rows(const Convolution& g) {
    const long phases = least(g.stride, g.field_height);
    const long row_bytes = g.channels * g.field_width * phases * g.columns * sizeof(real);
    return least(g.rows, most(1, BAND_BYTES / most(1, row_bytes) - (g.field_height - 1) / g.stride));
}

/* Call each(offset, first) for every column phase: in the line, the numbers first, first + S, … of an image's
   row follow each other from `offset`. */
template <class real, class Each>
INLINE void for_column_phases(const Convolution& g, const Unfolding<real>& u, const Each& each) {
    for (long first = 0; first < least(g.stride, g.width); first++) {
        const long padded = first + g.pad, phase = padded % g.stride;
        if (phase < u.line_phases) each(phase * u.line + padded / g.stride, first);
    }
}

template <class real>
void split_row(const Convolution& g, const Unfolding<real>& u, const real* row, real* line) {
    if (g.stride == 1) {
        memcpy(line + g.pad, row, g.width * sizeof(real));
        return;
    }
    for_column_phases(g, u, [&](long offset, long first) {
        real* to = line + offset;
        if (g.stride == 2) {
            for (long i = first; i < g.width; i += 2) *to++ = row[i];
        } else {
            for (long i = first; i < g.width; i += g.stride) *to++ = row[i];
        }
    });
}

template <class real>
void add_split_row(const Convolution& g, const Unfolding<real>& u, const real* line, real* row) {
    for_column_phases(g, u, [&](long offset, long first) {
        const real* from = line + offset;
        for (long i = first; i < g.width; i += g.stride) row[i] += *from++;
    });
}

/* Call each(row of the image or -1, place of the row's first copy) for all rows that the band sees. */
template <class real, class Each>
INLINE void for_rows_seen(
    const Convolution& g, const Unfolding<real>& u, long first_row, long rows, const Each& each) {
    const long phases = least(g.stride, g.field_height), seen = (rows - 1) * g.stride + g.field_height;
    for (long step = 0; step * g.stride < seen; step++) {
        for (long phase = 0; phase < phases && step * g.stride + phase < seen; phase++) {
            const long row = (first_row + step) * g.stride + phase - g.pad;
            each(0 <= row && row < g.height ? row : -1, phase * u.phase + step * g.columns);
        }
    }
}

/* Unfold the pixels that output rows first_row to first_row + rows of an image (C, H, W) see. */
template <class real>
void unfold(
    const Convolution& g, const Unfolding<real>& u, const real* image, long first_row, long rows,
    real* unfolded) {
    // the borders of a line stay zero; the second line stands for rows outside the image
    const long line_size = u.line_phases * u.line;
    real* line = scratch<real>(LINE, 2 * line_size);
    const real* zeros = line + line_size;
    memset(line, 0, 2 * line_size * sizeof(real));
    for (long c = 0; c < g.channels; c++) {
        for_rows_seen(g, u, first_row, rows, [&](long row, long offset) {
            if (row >= 0) split_row(g, u, image + (c * g.height + row) * g.width, line);
            const real* from = row >= 0 ? line : zeros;
            real* to = unfolded + c * g.field_width * u.plane + offset;
            for (long x = 0; x < g.field_width; x++, to += u.plane) {
                copy_vectors(from + x % g.stride * u.line + x / g.stride, to, g.columns);
            }
        });
    }
}

/* Add the unfolded numbers to the pixels that they come from: the reverse of `unfold`. */
template <class real>
void fold(
    const Convolution& g, const Unfolding<real>& u, const real* unfolded, long first_row, long rows,
    real* image) {
    const long line_size = u.line_phases * u.line;
    real* line = scratch<real>(LINE, line_size);
    for (long c = 0; c < g.channels; c++) {
        for_rows_seen(g, u, first_row, rows, [&](long row, long offset) {
            if (row < 0) return;
            memset(line, 0, line_size * sizeof(real));
            const real* from = unfolded + c * g.field_width * u.plane + offset;
            for (long x = 0; x < g.field_width; x++, from += u.plane) {
                real* to = line + x % g.stride * u.line + x / g.stride;
                for (long i = 0; i < g.columns; i++) to[i] += from[i];
            }
            add_split_row(g, u, line, image + (c * g.height + row) * g.width);
        });
    }
}

}  // namespace fastconv::INSTRUCTION_SET
