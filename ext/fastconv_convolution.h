/* Convolution, alone and together with ReLU and pooling: see fastconv_kernels.h for the layout. */

namespace fastconv::INSTRUCTION_SET {

constexpr long BAND_BYTES = 192 << 10;   // of an unfolded band: it stays in the second cache, with its results
constexpr long GROUP_BYTES = 384 << 10;  // of images whose inner products are taken together
constexpr long PATCH_BYTES = 24 << 10;   // of patches: they stay in the first cache
constexpr long SLOTS = 16;               // places for partial sums of dw; fixed, whatever the threads
constexpr long SLOT_BYTES = 16 << 20;    // of all of them, unless one alone is larger

/* --- unfolding ------------------------------------------------------------------------------------- */

/* How a band of `rows` output rows lies in memory. */
template <class real>
struct Unfolding {
    long rows;
    long phase, plane, size;  // numbers of a row phase, of a (channel, column) and of everything
    long line;                // numbers of a column phase of a line
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

/* Taps are counted by channel, column, row, so that neighbours see rows of the same plane. Where tap t
   begins: */
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

/* How many output rows of one image are unfolded at a time. */
template <class real>
long band_rows(const Convolution& g) {
    const long phases = least(g.stride, g.field_height);
    const long row_bytes = g.channels * g.field_width * phases * g.columns * sizeof(real);
    return least(g.rows, most(1, BAND_BYTES / most(1, row_bytes) - (g.field_height - 1) / g.stride));
}

/* Call each(offset, first, step): the numbers first, first + step, … of an image's row are those of a
   column phase of the line, from `offset` on. */
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

/* Call each(row of the image or -1, where the row's first copy lies) for all that the band sees. */
template <class real, class Each>
INLINE void for_rows_seen(
    const Convolution& g, const Unfolding<real>& u, long first_row, long rows, const Each& each) {
    for (long y = 0; y < (rows - 1) * g.stride + g.field_height; y++) {
        if (y % g.stride >= g.field_height) continue;
        const long row = first_row * g.stride + y - g.pad;
        each(0 <= row && row < g.height ? row : -1, y % g.stride * u.phase + y / g.stride * g.columns);
    }
}

/* Unfold what output rows first_row to first_row + rows of an image (C, H, W) see. */
template <class real>
void unfold(
    const Convolution& g, const Unfolding<real>& u, const real* image, long first_row, long rows,
    real* unfolded) {
    // The line's borders are zero for good; the second line is the one of rows outside the image.
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

/* Add to an image what its unfolded form holds: the reverse of `unfold`. */
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

/* --- sums over runs: forward, and dx ------------------------------------------------------------------ */

/* Many results that are sums of the same runs: result r at place q is start[r] + sum over t of
   weight[t, r] * x[offset[t] + q]. Without `start`, sums are added to what is there. */
template <class real>
struct Sums {
    const real* x;
    const long* offset;
    long terms, places;
    const real* start;
};

template <class real, int RESULTS, int VECTORS>
INLINE void sum_tile(
    const Sums<real>& s, long q, const real* weight, vector<real> (&sum)[RESULTS][VECTORS]) {
    for (long t = 0; t < s.terms; t++, weight += RESULTS) {
        const real* run = s.x + s.offset[t] + q;
        vector<real> x[VECTORS];
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) x[v] = load(run + v * LANES<real>);
#pragma GCC unroll 8
        for (int r = 0; r < RESULTS; r++) {
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) sum[r][v] += x[v] * weight[r];
        }
    }
}

template <class real, int RESULTS, int VECTORS>
void sum_places(const Sums<real>& s, long q, long places, const real* weight, real* const* result) {
    vector<real> sum[RESULTS][VECTORS];
#pragma GCC unroll 8
    for (int r = 0; r < RESULTS; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) sum[r][v] = s.start ? vector<real>{} + s.start[r] : vector<real>{};
    }
    sum_tile<real, RESULTS, VECTORS>(s, q, weight, sum);
    if (places < VECTORS * LANES<real>) {  // at the end of the runs; one vector then
        for (int r = 0; r < RESULTS; r++) {
            real* to = result[r] + q;
            store_first(to, s.start ? sum[r][0] : load_first(to, places) + sum[r][0], places);
        }
        return;
    }
#pragma GCC unroll 8
    for (int r = 0; r < RESULTS; r++) {
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) {
            real* to = result[r] + q + v * LANES<real>;
            store(to, s.start ? sum[r][v] : load(to) + sum[r][v]);
        }
    }
}

template <class real, int RESULTS>
void sum_runs(const Sums<real>& s, const real* weight, real* const* result) {
    constexpr long L = LANES<real>;
    long q = 0;
    for (; q + SUM_VECTORS * L <= s.places; q += SUM_VECTORS * L) {
        sum_places<real, RESULTS, SUM_VECTORS>(s, q, SUM_VECTORS * L, weight, result);
    }
    for (; q < s.places; q += L) {
        sum_places<real, RESULTS, 1>(s, q, least(L, s.places - q), weight, result);
    }
}

/* One block of at most SUM_FILTERS results; `weight` is packed as (terms, results). */
template <class real>
void sum_block(const Sums<real>& s, long results, const real* weight, real* const* result) {
    static_assert(SUM_FILTERS == 6);
    switch (results) {
        case 1: return sum_runs<real, 1>(s, weight, result);
        case 2: return sum_runs<real, 2>(s, weight, result);
        case 3: return sum_runs<real, 3>(s, weight, result);
        case 4: return sum_runs<real, 4>(s, weight, result);
        case 5: return sum_runs<real, 5>(s, weight, result);
        case 6: return sum_runs<real, 6>(s, weight, result);
    }
}

/* --- forward --------------------------------------------------------------------------------------------- */

/* The weights, block after block of filters, as (taps, filters of the block). */
template <class real>
void pack_by_filter(const Convolution& g, const Blocks& blocks, const real* w, real* packed) {
    const long terms = taps(g);
    for (long i = 0; i < blocks.count; i++) {
        for (long t = 0; t < terms; t++) {
            const real* tap = w + blocks.begin(i) * terms + place_of_tap(g, t);
            for (long f = 0; f < blocks.size(i); f++) *packed++ = tap[f * terms];
        }
    }
}

/* What all parts of a forward pass share. */
template <class real>
struct Forward {
    const Convolution& g;
    Unfolding<real> u;
    Blocks filters;
    const real *x, *b, *weights;
    const long* offset;

    Forward(const Convolution& g, long rows, const real* x, const real* w, const real* b)
        : g(g), u(g, rows), filters(g.filters, SUM_FILTERS), x(x), b(b) {
        real* packed = scratch<real>(WEIGHTS, g.filters * taps(g));
        pack_by_filter(g, filters, w, packed);
        long* places = static_cast<long*>(scratch_bytes(TAPS, taps(g) * sizeof(long)));
        locate_taps(g, u, places);
        weights = packed;
        offset = places;
    }

    /* Unfold a band of image n, and call each(block, sums, its weights) for every block of filters. */
    template <class Each>
    void band(long n, long first_row, long rows, const Each& each) const {
        real* unfolded = scratch<real>(UNFOLDED, u.size + SUM_VECTORS * LANES<real>);
        unfold(g, u, x + n * g.channels * g.height * g.width, first_row, rows, unfolded);
        for (long i = 0; i < filters.count; i++) {
            const Sums<real> sums = {unfolded, offset, taps(g), rows * g.columns, b + filters.begin(i)};
            each(i, sums, weights + filters.begin(i) * taps(g));
        }
    }
};

template <class real>
void conv_forward(const Convolution& g, const real* x, const real* w, const real* b, real* out) {
    const Forward<real> forward(g, band_rows<real>(g), x, w, b);
    const Blocks bands(g.rows, forward.u.rows);
    const long jobs = g.images * bands.count, parts = least(jobs, 64);
    for_parts(parts, [&](long part) {
        for (long job = share(jobs, parts, part); job < share(jobs, parts, part + 1); job++) {
            const long n = job / bands.count, band = job % bands.count, first = bands.begin(band);
            forward.band(n, first, bands.size(band), [&](long i, const Sums<real>& sums, const real* weight) {
                real* result[SUM_FILTERS];
                for (long f = 0; f < forward.filters.size(i); f++) {
                    const long filter = n * g.filters + forward.filters.begin(i) + f;
                    result[f] = out + (filter * g.rows + first) * g.columns;
                }
                sum_block(sums, forward.filters.size(i), weight, result);
            });
        }
    });
}

/* Pool rows of one filter's output, which begins with the first row that they see. */
template <class real>
void pool_filter(const Pooling& p, const real* plane, long at, long rows, real* out, void* winner) {
    if (p.narrow()) {
        pool_rows(p, plane, rows, true, out + at, static_cast<unsigned char*>(winner) + at);
    } else {
        pool_rows(p, plane, rows, true, out + at, static_cast<unsigned*>(winner) + at);
    }
}

/* The convolution's rows that some rows of windows see. */
inline long rows_under(const Pooling& p, long rows) { return (rows - 1) * p.stride + p.window_height; }

template <class real>
void conv_relu_pool_forward(
    const Convolution& g, const Pooling& p, const real* x, const real* w, const real* b, real* out,
    void* winner) {
    const long windows_high = most(1, (band_rows<real>(g) - p.window_height) / p.stride + 1);
    const Blocks bands(p.rows, windows_high);
    const Forward<real> forward(g, rows_under(p, least(p.rows, windows_high)), x, w, b);
    const long jobs = g.images * bands.count, parts = least(jobs, 64);
    const long places = forward.u.rows * g.columns;
    for_parts(parts, [&](long part) {
        real* planes = scratch<real>(PLANES, SUM_FILTERS * places);
        real* result[SUM_FILTERS];
        for (long f = 0; f < SUM_FILTERS; f++) result[f] = planes + f * places;
        for (long job = share(jobs, parts, part); job < share(jobs, parts, part + 1); job++) {
            const long n = job / bands.count, first = bands.begin(job % bands.count);
            const long rows = bands.size(job % bands.count);
            const auto pool_block = [&](long i, const Sums<real>& sums, const real* weight) {
                sum_block(sums, forward.filters.size(i), weight, result);
                for (long f = 0; f < forward.filters.size(i); f++) {
                    const long filter = n * g.filters + forward.filters.begin(i) + f;
                    pool_filter(p, result[f], (filter * p.rows + first) * p.columns, rows, out, winner);
                }
            };
            forward.band(n, first * p.stride, rows_under(p, rows), pool_block);
        }
    });
}

/* --- inner products: dw and db ----------------------------------------------------------------------------- */

/* A band in its unfolded form, and the gradients of its outputs: filter f's begin at f * pitch. After
   the taps comes one that always sees 1: its inner product is db. */
template <class real>
struct Band {
    const real *unfolded, *dout;
    long pitch, places, image, first_row, rows;
};

template <class real, int FILTERS, int TAPS>
void inner_products(const Band<real>* bands, long count, long filter, const long* offset, real* sums, long pitch) {
    constexpr long L = LANES<real>;
    vector<real> sum[FILTERS][TAPS] = {};
    for (const Band<real>* band = bands; band < bands + count; band++) {
        const real* dout = band->dout + filter * band->pitch;
        const auto add = [&](long q, auto read) {
            vector<real> x[TAPS];
#pragma GCC unroll 8
            for (int t = 0; t < TAPS; t++) x[t] = read(band->unfolded + offset[t] + q);
#pragma GCC unroll 8
            for (int f = 0; f < FILTERS; f++) {
                const vector<real> gradient = read(dout + f * band->pitch + q);
#pragma GCC unroll 8
                for (int t = 0; t < TAPS; t++) sum[f][t] += x[t] * gradient;
            }
        };
        long q = 0;
        for (; q + L <= band->places; q += L) add(q, [](const real* from) { return load(from); });
        const long rest = band->places - q;
        if (rest > 0) add(q, [rest](const real* from) { return load_first(from, rest); });
    }
    for (int f = 0; f < FILTERS; f++) {
        for (int t = 0; t < TAPS; t++) sums[f * pitch + t] += sum_of<real>(sum[f][t]);
    }
}

/* The inner products of a block of filters with a block of taps, over some bands. */
template <class real, int FILTERS>
void inner_products_of(
    long taps, const Band<real>* bands, long count, long filter, const long* offset, real* sums, long pitch) {
    switch (taps) {
        case 1: return inner_products<real, FILTERS, 1>(bands, count, filter, offset, sums, pitch);
        case 2: return inner_products<real, FILTERS, 2>(bands, count, filter, offset, sums, pitch);
        case 3: return inner_products<real, FILTERS, 3>(bands, count, filter, offset, sums, pitch);
        case 4: return inner_products<real, FILTERS, 4>(bands, count, filter, offset, sums, pitch);
    }
    if constexpr (PRODUCT_TAPS == 5) inner_products<real, FILTERS, 5>(bands, count, filter, offset, sums, pitch);
}

/* Add to sums (F, taps + 1) what some bands contribute to dw and db. */
template <class real>
void add_inner_products(
    const Convolution& g, const Band<real>* bands, long count, const long* offset, real* sums) {
    static_assert(PRODUCT_FILTERS <= 5 && PRODUCT_TAPS <= 5);
    const long pitch = taps(g) + 1;
    const Blocks filters(g.filters, PRODUCT_FILTERS), columns(pitch, PRODUCT_TAPS);
    for (long i = 0; i < filters.count; i++) {
        for (long j = 0; j < columns.count; j++) {
            const long filter = filters.begin(i), tap = columns.begin(j);
            const auto run = [&](auto of_filters) {
                real* target = sums + filter * pitch + tap;
                of_filters(columns.size(j), bands, count, filter, offset + tap, target, pitch);
            };
            switch (filters.size(i)) {
                case 1: run(inner_products_of<real, 1>); break;
                case 2: run(inner_products_of<real, 2>); break;
                case 3: run(inner_products_of<real, 3>); break;
                case 4: if constexpr (PRODUCT_FILTERS > 3) run(inner_products_of<real, 4>); break;
                case 5: if constexpr (PRODUCT_FILTERS > 4) run(inner_products_of<real, 5>); break;
            }
        }
    }
}

/* How many places for partial sums of `size` numbers each. */
template <class real>
long slots(long images, long size) {
    const long bytes = size * sizeof(real);
    return most(1, least(least(images, SLOTS), SLOT_BYTES / most(1, bytes)));
}

/* Add up the slots, each (F, pitch), and put them where dw and db have them. */
template <class real, class PlaceOf>
void gather_slots(
    const Convolution& g, const real* sums, long count, long pitch, const PlaceOf& place_of, real* dw, real* db) {
    for (long f = 0; f < g.filters; f++) {
        for (long t = 0; t <= taps(g); t++) {
            real sum = 0;
            for (long slot = 0; slot < count; slot++) sum += sums[(slot * g.filters + f) * pitch + t];
            (t < taps(g) ? dw[f * taps(g) + place_of(t)] : db[f]) = sum;
        }
    }
}

/* --- backward ------------------------------------------------------------------------------------------------ */

/* The weights, block after block of taps, as (filters, taps of the block). */
template <class real>
void pack_by_tap(const Convolution& g, const Blocks& blocks, const real* w, real* packed) {
    for (long i = 0; i < blocks.count; i++) {
        for (long f = 0; f < g.filters; f++) {
            for (long t = 0; t < blocks.size(i); t++) {
                *packed++ = w[f * taps(g) + place_of_tap(g, blocks.begin(i) + t)];
            }
        }
    }
}

/* Where the gradients of an image's convolution come from: from the caller as they are, or from windows
   that are undone into scratch memory. */
template <class real>
struct Upstream {
    const real* dout;
    const Pooling* pooling;  // null: dout is the convolution's
    const void* winner;
};

/* What all parts of a backward pass share. */
template <class real>
struct Backward {
    const Convolution& g;
    Unfolding<real> u;
    Blocks bands, tap_blocks;
    Upstream<real> upstream;
    const real* x;
    real* dx;
    const real* weights = nullptr;
    const long *offset = nullptr, *filter_offset = nullptr;
    long group;  // how many images are unfolded at a time

    Backward(const Convolution& g, const Upstream<real>& upstream, const real* x, const real* w, real* dx)
        : g(g), u(g, band_rows<real>(g)), bands(g.rows, u.rows), tap_blocks(taps(g), SUM_FILTERS),
          upstream(upstream), x(x), dx(dx) {
        const long places = g.rows * g.columns, bytes = (unfolded_size() + g.filters * places) * sizeof(real);
        group = bands.count > 1 ? 1 : most(1, GROUP_BYTES / bytes);
        long* at = static_cast<long*>(scratch_bytes(TAPS, (taps(g) + 1 + g.filters) * sizeof(long)));
        locate_taps(g, u, at);
        at[taps(g)] = u.size;
        offset = at;
        filter_offset = at + taps(g) + 1;
        for (long f = 0; f < g.filters; f++) at[taps(g) + 1 + f] = f * places;
        if (dx == nullptr) return;
        real* packed = scratch<real>(WEIGHTS, g.filters * taps(g));
        pack_by_tap(g, tap_blocks, w, packed);
        weights = packed;
    }

    /* An unfolded band, and the tap that sees ones. */
    long unfolded_size() const { return u.size + round_up(u.rows * g.columns, LANES<real>); }

    /* The gradients of image n's outputs. For dx the last image's are copied: vectors read past their end. */
    const real* gradients(long n, real* room) const {
        const long size = g.filters * g.rows * g.columns;
        if (upstream.pooling != nullptr) {
            for (long f = 0; f < g.filters; f++) {
                real* plane = room + f * g.rows * g.columns;
                spread_plane(*upstream.pooling, upstream.dout, upstream.winner, n * g.filters + f, plane);
            }
            return room;
        }
        if (dx == nullptr || n + 1 < g.images) return upstream.dout + n * size;
        memcpy(room, upstream.dout + n * size, size * sizeof(real));
        return room;
    }

    void add_dx(const Band<real>& band) const {
        real* unfolded = scratch<real>(PLANES, u.size + LANES<real>);
        memset(unfolded, 0, u.size * sizeof(real));
        const Sums<real> sums = {band.dout, filter_offset, g.filters, band.places, nullptr};
        const real* weight = weights;
        for (long i = 0; i < tap_blocks.count; i++) {
            real* result[SUM_FILTERS];
            for (long t = 0; t < tap_blocks.size(i); t++) result[t] = unfolded + offset[tap_blocks.begin(i) + t];
            sum_block(sums, tap_blocks.size(i), weight, result);
            weight += g.filters * tap_blocks.size(i);
        }
        fold(g, u, unfolded, band.first_row, band.rows, dx + band.image * g.channels * g.height * g.width);
    }

    /* Take images first to first + count, all of whose rows are one band, or one image band by band. */
    void take(long first, long count, real* unfolded, real* room, real* sums) const {
        Band<real> taken[MOST_IN_GROUP];
        for (long i = 0; i < count; i++) {
            const long n = first + i, image_size = g.channels * g.height * g.width;
            const real* dout = gradients(n, room + i * (g.filters * g.rows * g.columns + LANES<real>));
            if (dx != nullptr) memset(dx + n * image_size, 0, image_size * sizeof(real));
            for (long band = 0; band < bands.count; band++) {
                const long row = bands.begin(band), rows = bands.size(band);
                real* here = unfolded + i * unfolded_size();
                unfold(g, u, x + n * image_size, row, rows, here);
                taken[i] = {here, dout + row * g.columns, g.rows * g.columns, rows * g.columns, n, row, rows};
                if (bands.count > 1) add_inner_products(g, taken, 1, offset, sums);
                if (dx != nullptr) add_dx(taken[i]);
            }
        }
        if (bands.count == 1) add_inner_products(g, taken, count, offset, sums);
    }

    static constexpr long MOST_IN_GROUP = 16;

    /* Take some images, and leave the sums for dw and db in `sums` (F, taps + 1). */
    void part(long begin, long end, real* sums) const {
        const long images = least(least(group, MOST_IN_GROUP), end - begin), outputs = g.filters * g.rows * g.columns;
        real* unfolded = scratch<real>(UNFOLDED, images * unfolded_size() + SUM_VECTORS * LANES<real>);
        real* room = scratch<real>(UPSTREAM, images * (outputs + LANES<real>) + SUM_VECTORS * LANES<real>);
        for (long i = 0; i < images; i++) {
            real* ones = unfolded + i * unfolded_size() + u.size;
            for (long q = 0; q < u.rows * g.columns; q++) ones[q] = 1;
        }
        memset(sums, 0, g.filters * (taps(g) + 1) * sizeof(real));
        for (long n = begin; n < end; n += images) take(n, least(images, end - n), unfolded, room, sums);
    }
};

template <class real>
void backward(
    const Convolution& g, const Upstream<real>& upstream, const real* x, const real* w, real* dx, real* dw,
    real* db) {
    const Backward<real> pass(g, upstream, x, w, dx);
    const long size = g.filters * (taps(g) + 1), count = slots<real>(g.images, size);
    real* sums = scratch<real>(SUMS, count * size);
    for_parts(count, [&](long slot) {
        pass.part(share(g.images, count, slot), share(g.images, count, slot + 1), sums + slot * size);
    });
    gather_slots(g, sums, count, taps(g) + 1, [&](long t) { return place_of_tap(g, t); }, dw, db);
}

template <class real>
void conv_backward(
    const Convolution& g, const real* dout, const real* x, const real* w, real* dx, real* dw, real* db) {
    backward(g, Upstream<real>{dout, nullptr, nullptr}, x, w, dx, dw, db);
}

/* --- dw after pooling: few outputs have a gradient ----------------------------------------------------------- */

/* After pooling only the windows' winners have a gradient: with windows of 2 x 2 a quarter of the outputs, or
   fewer. So dw[f] is a sum over windows, of the window's gradient times the patch of the image that its
   winner saw. Patches are laid out as (y, x, c), then the one that makes db, then zeros: whole vectors, copied
   from an image whose channels come last. A window without a winner takes a patch of zeros, so that
   nothing branches. */
template <class real>
struct Patches {
    const Convolution& g;
    const Pooling& p;
    long size;     // numbers of a patch; whole vectors
    long windows;  // whose patches are held at a time, of a row of windows
    long columns;  // of the convolution under them

    Patches(const Convolution& g, const Pooling& p) : g(g), p(p), size(round_up(taps(g) + 1, LANES<real>)) {
        const long window_bytes = p.window_height * p.stride * size * sizeof(real);
        windows = Blocks(p.columns, most(1, PATCH_BYTES / window_bytes)).size(0);
        columns = (windows - 1) * p.stride + p.window_width;
    }

    // One vector behind the patches, as copying whole vectors writes past the last one.
    long zeros() const { return p.window_height * columns * size + LANES<real>; }
    long room() const { return zeros() + size; }

    long padded_width() const { return g.width + 2 * g.pad; }
    long image_size() const { return g.channels * (g.height + 2 * g.pad) * padded_width(); }

    /* Put an image (C, H, W) into one (H + 2 P, W + 2 P, C) whose border is zero. */
    void turn(const real* image, real* padded) const {
        for (long c = 0; c < g.channels; c++) {
            for (long y = 0; y < g.height; y++) {
                real* to = padded + ((y + g.pad) * padded_width() + g.pad) * g.channels + c;
                for (long x = 0; x < g.width; x++) to[x * g.channels] = *image++;
            }
        }
    }

    /* Lay out the patches under `some` windows of a row of windows. */
    void lay_out(const real* padded, long row, long first, long some, real* patches) const {
        const long width = g.field_width * g.channels, under = (some - 1) * p.stride + p.window_width;
        for (long i = 0; i < p.window_height; i++) {
            const long y = (row * p.stride + i) * g.stride;
            for (long j = 0; j < under; j++) {
                const long x = (first * p.stride + j) * g.stride;
                const real* from = padded + (y * padded_width() + x) * g.channels;
                real* to = patches + (i * columns + j) * size;
                for (long k = 0; k < g.field_height; k++, to += width, from += padded_width() * g.channels) {
                    copy_vectors(from, to, width);
                }
                const long rest = size - taps(g) - 1;
                *to++ = 1;
                for (long k = 0; k < rest; k++) *to++ = 0;
            }
        }
    }
};

/* Where the patch of window j lies, when its winner is `place`: at[place] + j * step[place]. */
struct PatchTable {
    long at[256], step[256];

    template <class real>
    PatchTable(const Patches<real>& patches) {
        const Pooling& p = patches.p;
        for (long place = 0; place < 256; place++) {
            const bool inside = place < p.places();
            const long row = place / p.window_width, column = place % p.window_width;
            at[place] = inside ? (row * patches.columns + column) * patches.size : patches.zeros();
            step[place] = inside ? p.stride * patches.size : 0;
        }
    }
};

/* Add the windows' gradients times VECTORS vectors of their patches to a filter's sums. */
template <class real, int VECTORS>
void add_patches(
    const real* patches, const PatchTable& table, const real* dout, const unsigned char* winner, long windows,
    real* sums) {
    vector<real> sum[VECTORS];
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) sum[v] = load(sums + v * LANES<real>);
    for (long j = 0; j < windows; j++) {
        const real* patch = patches + table.at[winner[j]] + j * table.step[winner[j]];
        const real gradient = dout[j];
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) sum[v] += load(patch + v * LANES<real>) * gradient;
    }
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++) store(sums + v * LANES<real>, sum[v]);
}

/* The same for any number of vectors: as many at a time as there are registers for, then halves. */
template <class real, int VECTORS = PATCH_VECTORS>
void add_all_patches(
    long vectors, const real* patches, const PatchTable& table, const real* dout, const unsigned char* winner,
    long windows, real* sums) {
    for (; vectors >= VECTORS; vectors -= VECTORS) {
        add_patches<real, VECTORS>(patches, table, dout, winner, windows, sums);
        patches += VECTORS * LANES<real>;
        sums += VECTORS * LANES<real>;
    }
    if constexpr (VECTORS > 1) {
        add_all_patches<real, VECTORS / 2>(vectors, patches, table, dout, winner, windows, sums);
    }
}

template <class real>
void sparse_part(
    const Patches<real>& pass, const PatchTable& table, long begin, long end, const real* dout,
    const unsigned char* winner, const real* x, real* sums) {
    const Convolution& g = pass.g;
    const Pooling& p = pass.p;
    const long vectors = pass.size / LANES<real>, planes = p.rows * p.columns;
    real* padded = scratch<real>(UNFOLDED, pass.image_size());
    real* patches = scratch<real>(PATCHES, pass.room());
    memset(sums, 0, g.filters * pass.size * sizeof(real));
    memset(padded, 0, pass.image_size() * sizeof(real));
    memset(patches + pass.zeros(), 0, pass.size * sizeof(real));
    for (long n = begin; n < end; n++) {
        pass.turn(x + n * g.channels * g.height * g.width, padded);
        for (long row = 0; row < p.rows; row++) {
            for (long first = 0; first < p.columns; first += pass.windows) {
                const long some = least(pass.windows, p.columns - first);
                pass.lay_out(padded, row, first, some, patches);
                for (long f = 0; f < g.filters; f++) {
                    const long at = (n * g.filters + f) * planes + row * p.columns + first;
                    add_all_patches<real>(
                        vectors, patches, table, dout + at, winner + at, some, sums + f * pass.size);
                }
            }
        }
    }
}

/* dw and db alone. */
template <class real>
void sparse_backward(
    const Convolution& g, const Pooling& p, const real* dout, const unsigned char* winner, const real* x,
    real* dw, real* db) {
    const Patches<real> pass(g, p);
    const PatchTable table(pass);
    const long size = g.filters * pass.size, count = slots<real>(g.images, size);
    real* sums = scratch<real>(SUMS, count * size);
    for_parts(count, [&](long slot) {
        const long begin = share(g.images, count, slot), end = share(g.images, count, slot + 1);
        sparse_part(pass, table, begin, end, dout, winner, x, sums + slot * size);
    });
    const auto place_of = [&](long t) {  // of (y, x, c) in (C, HH, WW)
        return t % g.channels * g.field_height * g.field_width + t / g.channels;
    };
    gather_slots(g, sums, count, pass.size, place_of, dw, db);
}

template <class real>
void conv_relu_pool_backward(
    const Convolution& g, const Pooling& p, const real* dout, const void* winner, const real* x, const real* w,
    real* dx, real* dw, real* db) {
    const bool few = 2 * p.rows * p.columns <= g.rows * g.columns;
    const bool little_pad = g.pad <= g.height + g.width;  // the padded image is held
    if (dx == nullptr && few && little_pad && p.narrow()) {
        sparse_backward(g, p, dout, static_cast<const unsigned char*>(winner), x, dw, db);
    } else {
        backward(g, Upstream<real>{dout, &p, winner}, x, w, dx, dw, db);
    }
}

}  // namespace fastconv::INSTRUCTION_SET
