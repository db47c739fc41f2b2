/* The forward pass of convolution, ReLU and pooling, with fewer multiplications: for stride 1 and windows of
   2 x 2 that don't overlap. This is a fast FIR algorithm: Parker and Parhi, 1997.

   Along one axis, let e and o be the even and the odd pixels of the padded image, v and u the even and the odd
   taps of the filter. The two outputs in a window are four sums of products, each half as long as a filter:

       out[2 i]     = v e[i...] + u o[i...]              v e[i...] stands for the sum over k of v[k] e[i + k]
       out[2 i + 1] = v o[i...] + u e[i + 1...]

   Three such sums are enough:

       a = v (e[i...] - o[i...])      b = (v + u) o[i...]      c = u (e[i + 1...] - o[i...])

       out[2 i]     = a + b
       out[2 i + 1] = b + c

   Along both axes there are nine *parts*. Each is an ordinary convolution of an image of a quarter of the size
   with a filter of a quarter, and its outputs are one number for every window:

                  along x:   a    b    c
       along y:   a          0    1    2         upper left  = 0 + 1 + 3 + 4    upper right = 1 + 2 + 4 + 5
                  b          3    4    5         lower left  = 3 + 4 + 6 + 7    lower right = 4 + 5 + 7 + 8
                  c          6    7    8

   Filters of 7 x 7 take 121 multiplications for a window instead of 196. The four outputs in a window are four
   different sums, so the pooling needs no shuffles. A pixel just beyond those that an output sees enters its
   parts and cancels, but for rounding; an infinity there would leave a NaN. So images with infinite or huge
   numbers take the direct way. */

namespace fastconv::INSTRUCTION_SET {

constexpr long SHORTEST_FIELD = 5;  // filters that are shorter along an axis gain nothing
constexpr long PARTS = 9;

enum Third { A, B, C };  // of the sums along one axis: a, b, c

/* Sizes of the parts, for bands of `rows` rows of windows. */
template <class real>
struct Halves {
    const Convolution& g;
    const Pooling& p;
    long rows;
    long half;                // numbers of half a padded row, with the vectors that are read beyond
    Convolution part[PARTS];  // the field, and the outputs of a band
    long tap[PARTS + 1];      // the first tap of a part among those of all
    long start[PARTS + 1];    // the beginning of a part's unfolded band
    long plane[PARTS];        // numbers of a (channel, column) in it

    Halves(const Convolution& g, const Pooling& p) : g(g), p(p) {
        const long both = half_of(g.field_width, A) + half_of(g.field_width, B) + half_of(g.field_width, C);
        const long row_bytes = 3 * both * most(1, g.channels) * p.columns * sizeof(real);
        rows = Blocks(p.rows, most(1, BAND_BYTES / row_bytes - half_of(g.field_height, A))).size(0);
        half = round_up(p.columns, LANES<real>) + round_up(half_of(g.field_width, A), LANES<real>);
        tap[0] = start[0] = 0;
        for (long i = 0; i < PARTS; i++) {
            part[i] = g;
            part[i].field_height = half_of(g.field_height, along_y(i));
            part[i].field_width = half_of(g.field_width, along_x(i));
            part[i].rows = rows;
            part[i].columns = p.columns;
            tap[i + 1] = tap[i] + taps(part[i]);
            start[i + 1] = start[i] + layout(i).size;
            plane[i] = layout(i).plane;
        }
    }

    static Third along_y(long i) { return static_cast<Third>(i / 3); }
    static Third along_x(long i) { return static_cast<Third>(i % 3); }

    /* The length of v, v + u or u. */
    static long half_of(long field, Third third) { return (field + (third != C)) / 2; }

    Unfolding<real> layout(long i) const { return Unfolding<real>(part[i], rows); }

    /* Padded rows that some rows of windows see, the next even one included. */
    long height(long windows) const { return 2 * (windows + half_of(g.field_height, A)); }

    void locate(long* offset) const {
        for (long i = 0; i < PARTS; i++) {
            locate_taps(part[i], layout(i), offset + tap[i]);
            for (long t = tap[i]; t < tap[i + 1]; t++) offset[t] += start[i];
        }
    }

    /* Tap (y, x) of a part's filter; `w` is (HH, WW). */
    real weight(const real* w, long i, long y, long x) const {
        const Third down = along_y(i), across = along_x(i);
        real sum = 0;
        for (long row = 2 * y + (down == C); row <= least(2 * y + (down != A), g.field_height - 1); row++) {
            for (long k = 2 * x + (across == C); k <= least(2 * x + (across != A), g.field_width - 1); k++) {
                sum += w[row * g.field_width + k];
            }
        }
        return sum;
    }

    /* The weights, block after block of filters, part after part, as (taps, filters of the block). */
    void pack(const Blocks& filters, const real* w, real* packed) const {
        const long field = g.field_height * g.field_width;
        for (long block = 0; block < filters.count; block++) {
            for (long i = 0; i < PARTS; i++) {
                const long high = part[i].field_height, wide = part[i].field_width;
                for (long t = 0; t < taps(part[i]); t++) {
                    for (long f = 0; f < filters.size(block); f++) {
                        const long channel = (filters.begin(block) + f) * g.channels + t / high / wide;
                        *packed++ = weight(w + channel * field, i, t % high, t / high % wide);
                    }
                }
            }
        }
    }

    /* Unfold all parts for `windows` rows of windows, from row `first` on. The borders of `padded`,
       (height, 2 half) and one vector, are zeros; `thirds` is (height, 3, half). */
    void unfold(
        const real* image, long first, long windows, real* padded, real* thirds, real* unfolded) const {
        for (long c = 0; c < g.channels; c++) {
            pad_rows(image + c * g.height * g.width, 2 * first - g.pad, height(windows), padded);
            for (long y = 0; y < height(windows); y++) {
                split_row(padded + y * 2 * half, thirds + y * 3 * half);
            }
            for (long i = 0; i < PARTS; i++) {
                unfold_part(i, thirds, windows, unfolded + start[i] + c * part[i].field_width * plane[i]);
            }
        }
    }

    /* Copy rows of a channel; those above and below the image are zeros. */
    void pad_rows(const real* channel, long top, long count, real* padded) const {
        for (long y = top; y < top + count; y++, padded += 2 * half) {
            if (y < 0 || y >= g.height) {
                memset(padded, 0, 2 * half * sizeof(real));
            } else {
                memcpy(padded + g.pad, channel + y * g.width, g.width * sizeof(real));
            }
        }
    }

    /* The three sequences of pixels along x: e - o, o, and the next e - o. */
    void split_row(const real* __restrict row, real* __restrict thirds) const {
        real* __restrict odd = thirds + half;
        real* __restrict later = thirds + 2 * half;
        for (long i = 0; i < half; i++) {
            const real e = row[2 * i], o = row[2 * i + 1], next = row[2 * i + 2];
            thirds[i] = e - o;
            odd[i] = o;
            later[i] = next - o;
        }
    }

    /* The same along y, copied once for each column of the part's filter. */
    void unfold_part(long i, const real* thirds, long windows, real* to) const {
        const long row = 3 * half, count = windows + part[i].field_height - 1;
        const real* even = thirds + (along_y(i) == C ? 2 * row : 0) + along_x(i) * half;
        const real* odd = thirds + row + along_x(i) * half;
        for (long x = 0; x < part[i].field_width; x++, to += plane[i]) {
            for (long y = 0; y < count; y++) {
                const real *e = even + 2 * y * row + x, *o = odd + 2 * y * row + x;
                for (long k = 0; k < p.columns; k += LANES<real>) {
                    store(to + y * p.columns + k, along_y(i) == B ? load(o + k) : load(e + k) - load(o + k));
                }
            }
        }
    }
};

/* Put the parts of some windows together and pool them; `parts` is (PARTS, pitch). */
template <class real>
void pool_parts(
    const real* parts, long pitch, real bias, long windows, real* __restrict best,
    unsigned char* __restrict winner) {
    integer<real> wide[CHUNK];
    for (long i = 0; i < windows; i++) {
        const auto sum = [parts, pitch, i](long k) {  // of part k, its right neighbour, and those below
            const real* part = parts + k * pitch + i;
            return (part[0] + part[pitch]) + (part[3 * pitch] + part[4 * pitch]);
        };
        const real upper_left = sum(0), upper_right = sum(1), lower_left = sum(3), lower_right = sum(4);
        const real upper = upper_right > upper_left ? upper_right : upper_left;
        const real lower = lower_right > lower_left ? lower_right : lower_left;
        const integer<real> in_upper = upper_right > upper_left ? 1 : 0;
        const integer<real> in_lower = lower_right > lower_left ? 3 : 2;
        const real largest = (lower > upper ? lower : upper) + bias;
        wide[i] = largest > 0 ? (lower > upper ? in_lower : in_upper) : 4;
        best[i] = largest > 0 ? largest : 0;
    }
    for (long i = 0; i < windows; i++) winner[i] = static_cast<unsigned char>(wide[i]);
}

/* Compute a block of filters in an unfolded band; the results begin at `out` and `winner`, those of the next
   filter are `plane` further. */
template <class real>
void halves_block(
    const Halves<real>& h, const real* unfolded, const long* offset, const real* weight, const real* bias,
    long filters, long windows, real* out, unsigned char* winner, long plane) {
    const long pitch = h.rows * h.p.columns + LANES<real>;
    const real zeros[SUM_FILTERS] = {};
    real* parts = scratch<real>(PLANES, SUM_FILTERS * PARTS * pitch);
    for (long i = 0; i < PARTS; i++) {
        real* result[SUM_FILTERS];
        for (long f = 0; f < filters; f++) result[f] = parts + (f * PARTS + i) * pitch;
        const Sums<real> sums = {unfolded, offset + h.tap[i], taps(h.part[i]), windows, zeros};
        sum_block(sums, filters, weight, result);
        weight += taps(h.part[i]) * filters;
    }
    for (long f = 0; f < filters; f++, out += plane, winner += plane) {
        for (long i = 0; i < windows; i += CHUNK) {
            const real* here = parts + f * PARTS * pitch + i;
            pool_parts(here, pitch, bias[f], least(CHUNK, windows - i), out + i, winner + i);
        }
    }
}

template <class real>
void halves_forward(
    const Convolution& g, const Pooling& p, const real* x, const real* w, const real* b, real* out,
    unsigned char* winner) {
    const Halves<real> h(g, p);
    const Blocks filters(g.filters, SUM_FILTERS), bands(p.rows, h.rows);
    real* weights = scratch<real>(WEIGHTS, g.filters * h.tap[PARTS]);
    h.pack(filters, w, weights);
    long* offset = static_cast<long*>(scratch_bytes(TAPS, h.tap[PARTS] * sizeof(long)));
    h.locate(offset);
    const long jobs = g.images * bands.count, parts = least(jobs, 64), plane = p.rows * p.columns;
    for_parts(parts, [&](long part) {
        const long padded_size = h.height(h.rows) * 2 * h.half + LANES<real>;
        real* unfolded = scratch<real>(UNFOLDED, h.start[PARTS] + SUM_VECTORS * LANES<real>);
        real* padded = scratch<real>(UPSTREAM, padded_size);
        real* thirds = scratch<real>(LINE, h.height(h.rows) * 3 * h.half);
        memset(padded, 0, padded_size * sizeof(real));
        for (long job = share(jobs, parts, part); job < share(jobs, parts, part + 1); job++) {
            const long n = job / bands.count, first = bands.begin(job % bands.count);
            const long rows = bands.size(job % bands.count);
            h.unfold(x + n * g.channels * g.height * g.width, first, rows, padded, thirds, unfolded);
            for (long i = 0; i < filters.count; i++) {
                const long filter = filters.begin(i);
                const long at = (n * g.filters + filter) * plane + first * p.columns;
                halves_block(
                    h, unfolded, offset, weights + filter * h.tap[PARTS], b + filter, filters.size(i),
                    rows * p.columns, out + at, winner + at, plane);
            }
        }
    });
}

/* Whether all numbers are so small that no sum or product of them overflows; not if one is NaN. */
template <class real>
bool moderate(const real* x, long count) {
    const real limit = sizeof(real) == 4 ? 1e15 : 1e140;
    integer<real> large = 0;
    for (long i = 0; i < count; i++) large |= x[i] <= limit && x[i] >= -limit ? 0 : 1;
    return large == 0;
}

template <class real>
void conv_relu_pool_forward(
    const Convolution& g, const Pooling& p, const real* x, const real* w, const real* b, real* out,
    void* winner) {
    const bool halves = in_halves(p) && g.stride == 1;
    const bool long_enough = least(g.field_height, g.field_width) >= SHORTEST_FIELD;
    const bool little_pad = g.pad <= g.height + g.width;  // padded rows are held
    if (halves && long_enough && little_pad && moderate(w, g.filters * taps(g)) && moderate(b, g.filters) &&
        moderate(x, g.images * g.channels * g.height * g.width)) {
        halves_forward(g, p, x, w, b, out, static_cast<unsigned char*>(winner));
    } else {
        conv_relu_pool_directly(g, p, x, w, b, out, winner);
    }
}

}  // namespace fastconv::INSTRUCTION_SET
