/* Convolution, alone or followed by ReLU and pooling: the forward passes, and the backward pass that gives
   all gradients. */

namespace fastconv::INSTRUCTION_SET {

constexpr long GROUP_BYTES = 12 << 10;  // gradients that one tile sees; they stay in the first cache
constexpr long SLOTS = 16;              // places for partial sums of dw, for any number of threads
constexpr long SLOT_BYTES = 16 << 20;   // all of them together, unless one alone is larger

/* --- sums over runs: forward, and dx ------------------------------------------------------------------ */

/* Compute many results from the same runs: result r at place q is start[r] + sum over t of
   weight[t, r] * x[offset[t] + q]. Without `start`, the sums are added to the old results. */
template <class real>
struct Sums {
    const real* x;
    const long* offset;
    long terms, places;
    const real* start;
};

template <class real, int RESULTS, int VECTORS>
INLINE void sum_tile(const Sums<real>& s, long q, const real* weight, vector<real> (&sum)[RESULTS][VECTORS]) {
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
    if (places < VECTORS * LANES<real>) {  // at the end of the runs, one vector at a time
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
    with_constant<SUM_FILTERS>(results, [&](auto n) { sum_runs<real, n.value>(s, weight, result); });
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

/* Shared by all parts of a forward pass. */
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

/* Pool some rows of windows; the filter's output begins with the first row that they see. */
template <class real>
void pool_filter(const Pooling& p, const real* plane, long at, long rows, real* out, void* winner) {
    if (p.narrow()) {
        pool_rows(p, plane, rows, true, out + at, static_cast<unsigned char*>(winner) + at);
    } else {
        pool_rows(p, plane, rows, true, out + at, static_cast<unsigned*>(winner) + at);
    }
}

/* The rows of the convolution's output that some rows of windows see. */
inline long rows_under(const Pooling& p, long rows) { return (rows - 1) * p.stride + p.window_height; }

template <class real>
void conv_relu_pool_directly(
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

/* An unfolded band, and the gradients of its outputs: those of filter f begin at f * pitch. The last tap
   always sees 1, so that its inner product is db. */
template <class real>
struct Band {
    const real *unfolded, *dout;
    long pitch, places, image, first_row, rows;
};

template <class real, int FILTERS, int TAPS>
void inner_products(
    const Band<real>* bands, long count, long filter, const long* offset, real* sums, long pitch) {
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

/* Add the contributions of some bands to dw and db to sums (F, taps + 1). */
template <class real>
void add_inner_products(
    const Convolution& g, const Band<real>* bands, long count, const long* offset, real* sums) {
    const long pitch = taps(g) + 1;
    const Blocks filter_blocks(g.filters, PRODUCT_FILTERS), tap_blocks(pitch, PRODUCT_TAPS);
    for (long i = 0; i < filter_blocks.count; i++) {
        for (long j = 0; j < tap_blocks.count; j++) {
            const long filter = filter_blocks.begin(i), tap = tap_blocks.begin(j);
            real* target = sums + filter * pitch + tap;
            with_constant<PRODUCT_FILTERS>(filter_blocks.size(i), [&](auto filters) {
                with_constant<PRODUCT_TAPS>(tap_blocks.size(j), [&](auto taps) {
                    inner_products<real, filters.value, taps.value>(
                        bands, count, filter, offset + tap, target, pitch);
                });
            });
        }
    }
}

/* The number of places for partial sums of `size` numbers each. */
template <class real>
long slots(long images, long size) {
    const long bytes = size * sizeof(real);
    return most(1, least(least(images, SLOTS), SLOT_BYTES / most(1, bytes)));
}

/* Add up the slots, each (F, pitch), into dw and db. */
template <class real, class PlaceOf>
void gather_slots(
    const Convolution& g, const real* sums, long count, long pitch, const PlaceOf& place_of, real* dw,
    real* db) {
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

/* The source of the gradients of an image's convolution: the caller's array as it is, or windows whose
   pooling is undone into scratch memory. */
template <class real>
struct Upstream {
    const real* dout;
    const Pooling* pooling;  // null: dout is the gradient by the convolution's output
    const void* winner;
};

/* Shared by all parts of a backward pass. */
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
    long group;  // images that are unfolded at a time

    Backward(const Convolution& g, const Upstream<real>& upstream, const real* x, const real* w, real* dx)
        : g(g),
          u(g, band_rows<real>(g)),
          bands(g.rows, u.rows),
          tap_blocks(taps(g), SUM_FILTERS),
          upstream(upstream),
          x(x),
          dx(dx) {
        const long places = g.rows * g.columns, bytes = PRODUCT_FILTERS * places * sizeof(real);
        group = bands.count > 1 ? 1 : most(1, least(MOST_IN_GROUP, GROUP_BYTES / bytes));
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

    /* An unfolded band, and the tap that sees 1. */
    long unfolded_size() const { return u.size + round_up(u.rows * g.columns, LANES<real>); }

    /* The gradients of image n's outputs. For dx a vector reads past their end, so the last images' are copied. */
    const real* gradients(long n, real* room) const {
        const long size = g.filters * g.rows * g.columns;
        if (upstream.pooling != nullptr) {
            for (long f = 0; f < g.filters; f++) {
                real* plane = room + f * g.rows * g.columns;
                spread_plane(*upstream.pooling, upstream.dout, upstream.winner, n * g.filters + f, plane);
            }
            return room;
        }
        const bool enough_follows = (g.images - n - 1) * size >= LANES<real>;
        if (dx == nullptr || enough_follows) return upstream.dout + n * size;
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
            for (long t = 0; t < tap_blocks.size(i); t++)
                result[t] = unfolded + offset[tap_blocks.begin(i) + t];
            sum_block(sums, tap_blocks.size(i), weight, result);
            weight += g.filters * tap_blocks.size(i);
        }
        fold(g, u, unfolded, band.first_row, band.rows, dx + band.image * g.channels * g.height * g.width);
    }

    /* Take images first to first + count if a band holds all their rows, or one image band by band. */
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
        const long images = least(group, end - begin), outputs = g.filters * g.rows * g.columns;
        real* unfolded = scratch<real>(UNFOLDED, images * unfolded_size() + SUM_VECTORS * LANES<real>);
        real* room = scratch<real>(UPSTREAM, images * (outputs + LANES<real>)+SUM_VECTORS * LANES<real>);
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

}  // namespace fastconv::INSTRUCTION_SET
