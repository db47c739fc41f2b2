/* The backward pass of convolution, ReLU and pooling.

   After pooling only the windows' winners have a gradient: with windows of 2 x 2, at most a quarter of the
   outputs. So dw[f] is a sum over windows: the window's gradient times the patch of the image that its winner
   saw. A patch is laid out as (y, x, c), then a 1 for db, then zeros up to whole vectors; it is copied from an
   image whose channels come last. A first loop lists the windows that have a winner, so that the loop over the
   list is short and has no branches. */

namespace fastconv::INSTRUCTION_SET {

constexpr long AHEAD = 64;              // gradients and winners are fetched so far ahead
constexpr long PATCH_BYTES = 48 << 10;  // patches: a block of their vectors stays in the first cache

/* Sizes of the patches that are held at a time. */
template <class real>
struct Patches {
    const Convolution& g;
    const Pooling& p;
    long size;     // numbers of a patch, in whole vectors
    long windows;  // windows of a row whose patches are held at a time
    long columns;  // columns of the convolution that they cover

    Patches(const Convolution& g, const Pooling& p) : g(g), p(p), size(round_up(taps(g) + 1, LANES<real>)) {
        const long window_bytes = p.window_height * p.stride * size * sizeof(real);
        windows = Blocks(p.columns, most(1, PATCH_BYTES / window_bytes)).size(0);
        columns = (windows - 1) * p.stride + p.window_width;
    }

    // one vector more: the end of a patch is stored past its place, and the next patch overwrites it
    long room() const { return p.window_height * columns * size + LANES<real>; }

    long padded_width() const { return g.width + 2 * g.pad; }
    long image_size() const { return g.channels * (g.height + 2 * g.pad) * padded_width(); }

    /* Copy an image (C, H, W) into one (H + 2 P, W + 2 P, C) with a border of zeros. */
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
        switch (round_up(g.field_width * g.channels, LANES<real>) / LANES<real>) {
            case 1: return lay_out_rows<1>(padded, row, first, some, patches);
            case 2: return lay_out_rows<2>(padded, row, first, some, patches);
            case 3: return lay_out_rows<3>(padded, row, first, some, patches);
            default: return lay_out_rows<0>(padded, row, first, some, patches);
        }
    }

    /* The same for filters whose rows are VECTORS vectors; 0 stands for any number. */
    template <int VECTORS>
    void lay_out_rows(const real* padded, long row, long first, long some, real* patches) const {
        const long row_size = g.field_width * g.channels, copied = VECTORS ? VECTORS * LANES<real> : row_size;
        vector<real> end = {};
        end[0] = 1;
        for (long i = 0; i < p.window_height; i++) {
            const long y = (row * p.stride + i) * g.stride;
            for (long j = 0; j < (some - 1) * p.stride + p.window_width; j++) {
                const long x = (first * p.stride + j) * g.stride;
                const real* from = padded + (y * padded_width() + x) * g.channels;
                real* to = patches + (i * columns + j) * size;
                for (long k = 0; k < g.field_height; k++) {
                    copy_vectors(from, to, copied);
                    to += row_size;
                    from += padded_width() * g.channels;
                }
                store(to, end);
            }
        }
    }
};

/* The windows with a winner in a part of a row: for every filter their number, the places of their patches,
   and their gradients. Those of filter f begin at f * most. */
template <class real>
struct Winners {
    int place[256];  // the beginning of the patch of a winner in this place of window 0
    long most;
    long* count;
    int* patch;
    real* gradient;

    explicit Winners(const Patches<real>& pass) : most(pass.windows) {
        const long filters = pass.g.filters;
        for (long i = 0; i < 256; i++) {
            place[i] = (i / pass.p.window_width * pass.columns + i % pass.p.window_width) * pass.size;
        }
        count = static_cast<long*>(scratch_bytes(WINNERS, filters * (sizeof(long) + most * sizeof(int))));
        patch = reinterpret_cast<int*>(count + filters);
        gradient = scratch<real>(GRADIENTS, filters * most);
    }

    /* List the windows, from the first one of filter 0; those of the next filter are `planes` further. */
    void list(
        const Patches<real>& pass, const real* dout, const unsigned char* winner, long windows, long planes) {
        const long places = pass.p.places(), step = pass.p.stride * pass.size;
        for (long f = 0; f < pass.g.filters; f++, dout += planes, winner += planes) {
            __builtin_prefetch(dout + AHEAD);
            __builtin_prefetch(winner + AHEAD);
            long listed = f * most;
            for (long j = 0; j < windows; j++) {
                patch[listed] = place[winner[j]] + j * step;
                gradient[listed] = dout[j];
                listed += winner[j] < places;
            }
            count[f] = listed - f * most;
        }
    }
};

/* Add the gradients times VECTORS vectors of the patches, from number `first` on, to the sums of every filter.
   These vectors of the patches and of the sums stay in the cache. */
template <class real, int VECTORS>
void add_patches(
    const Patches<real>& pass, const Winners<real>& winners, const real* patches, long first, real* sums) {
    for (long f = 0; f < pass.g.filters; f++) {
        const int* patch = winners.patch + f * winners.most;
        const real* gradient = winners.gradient + f * winners.most;
        real* target = sums + f * pass.size + first;
        vector<real> sum[VECTORS];
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) sum[v] = load(target + v * LANES<real>);
        for (long i = 0; i < winners.count[f]; i++) {
            const real* seen = patches + patch[i] + first;
#pragma GCC unroll 16
            for (int v = 0; v < VECTORS; v++) sum[v] += load(seen + v * LANES<real>) * gradient[i];
        }
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) store(target + v * LANES<real>, sum[v]);
    }
}

/* The same for whole patches, in blocks of as many vectors as the registers hold. */
template <class real>
void add_whole_patches(
    const Patches<real>& pass, const Winners<real>& winners, const real* patches, real* sums) {
    const Blocks blocks(pass.size / LANES<real>, PATCH_VECTORS);
    for (long i = 0; i < blocks.count; i++) {
        with_constant<PATCH_VECTORS>(blocks.size(i), [&](auto vectors) {
            add_patches<real, vectors.value>(pass, winners, patches, blocks.begin(i) * LANES<real>, sums);
        });
    }
}

template <class real>
void sparse_part(
    const Patches<real>& pass, long begin, long end, const real* dout, const unsigned char* winner,
    const real* x, real* sums) {
    const Convolution& g = pass.g;
    const Pooling& p = pass.p;
    const long planes = p.rows * p.columns;
    real* padded = scratch<real>(UNFOLDED, pass.image_size());
    real* patches = scratch<real>(PATCHES, pass.room());
    memset(sums, 0, g.filters * pass.size * sizeof(real));
    memset(padded, 0, pass.image_size() * sizeof(real));
    Winners<real> winners(pass);
    for (long n = begin; n < end; n++) {
        pass.turn(x + n * g.channels * g.height * g.width, padded);
        for (long row = 0; row < p.rows; row++) {
            for (long first = 0; first < p.columns; first += pass.windows) {
                const long some = least(pass.windows, p.columns - first);
                const long at = n * g.filters * planes + row * p.columns + first;
                pass.lay_out(padded, row, first, some, patches);
                winners.list(pass, dout + at, winner + at, some, planes);
                add_whole_patches(pass, winners, patches, sums);
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
    const long size = g.filters * pass.size, count = slots<real>(g.images, size);
    real* sums = scratch<real>(SUMS, count * size);
    for_parts(count, [&](long slot) {
        const long begin = share(g.images, count, slot), end = share(g.images, count, slot + 1);
        sparse_part(pass, begin, end, dout, winner, x, sums + slot * size);
    });
    const auto place_of = [&](long t) {  // of (y, x, c) in (C, HH, WW)
        return t % g.channels * g.field_height * g.field_width + t / g.channels;
    };
    gather_slots(g, sums, count, pass.size, place_of, dw, db);
}

template <class real>
void conv_relu_pool_backward(
    const Convolution& g, const Pooling& p, const real* dout, const void* winner, const real* x,
    const real* w, real* dx, real* dw, real* db) {
    const bool few = 2 * p.rows * p.columns <= g.rows * g.columns;
    const bool little_pad = g.pad <= g.height + g.width;  // the padded image is held
    if (dx == nullptr && few && little_pad && p.narrow()) {
        sparse_backward(g, p, dout, static_cast<const unsigned char*>(winner), x, dw, db);
    } else {
        backward(g, Upstream<real>{dout, &p, winner}, x, w, dx, dw, db);
    }
}

}  // namespace fastconv::INSTRUCTION_SET
