/* The backward pass of convolution, ReLU and pooling.

   After pooling only the windows' winners have a gradient: with windows of 2 x 2 a quarter of the outputs, or
   fewer. So dw[f] is a sum over windows, of the window's gradient times the patch of the image that its
   winner saw. Patches are laid out as (y, x, c), then the one that makes db, then zeros: whole vectors, copied
   from an image whose channels come last. A window without a winner takes a patch of zeros, so that
   nothing branches. */

namespace fastconv::INSTRUCTION_SET {

constexpr long PATCH_BYTES = 48 << 10;  // of patches: a block of their vectors stays in the first cache

/* Sizes of the patches that are held at a time. */
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
        switch (round_up(g.field_width * g.channels, LANES<real>) / LANES<real>) {
            case 1: return lay_out_rows<1>(padded, row, first, some, patches);
            case 2: return lay_out_rows<2>(padded, row, first, some, patches);
            case 3: return lay_out_rows<3>(padded, row, first, some, patches);
            default: return lay_out_rows<0>(padded, row, first, some, patches);
        }
    }

    /* The same, where a row of a filter is VECTORS vectors; 0 stands for any number. */
    template <int VECTORS>
    void lay_out_rows(const real* padded, long row, long first, long some, real* patches) const {
        const long row_size = g.field_width * g.channels, copied = VECTORS ? VECTORS * LANES<real> : row_size;
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
                *to++ = 1;
                for (long rest = size - taps(g) - 1; rest > 0; rest--) *to++ = 0;
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

/* Some windows of a row, and their patches. The filters' windows are `planes` apart. */
template <class real>
struct Windows {
    const real *patches, *dout;
    const unsigned char* winner;
    long count, planes;
};

/* Add the windows' gradients times VECTORS vectors of their patches, from number `first` on, to the sums of
   every filter. These vectors of the patches and of the sums stay in the cache. */
template <class real, int VECTORS>
void add_patches(
    const Patches<real>& pass, const PatchTable& table, const Windows<real>& windows, long first,
    real* sums) {
    for (long f = 0; f < pass.g.filters; f++) {
        const real* dout = windows.dout + f * windows.planes;
        const unsigned char* winner = windows.winner + f * windows.planes;
        real* target = sums + f * pass.size + first;
        __builtin_prefetch(dout + pass.g.filters * windows.planes);
        __builtin_prefetch(winner + pass.g.filters * windows.planes);
        vector<real> sum[VECTORS];
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) sum[v] = load(target + v * LANES<real>);
        for (long j = 0; j < windows.count; j++) {
            const real* patch = windows.patches + table.at[winner[j]] + j * table.step[winner[j]] + first;
            const real gradient = dout[j];
#pragma GCC unroll 16
            for (int v = 0; v < VECTORS; v++) sum[v] += load(patch + v * LANES<real>) * gradient;
        }
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) store(target + v * LANES<real>, sum[v]);
    }
}

/* The same for whole patches, in blocks of as many vectors as there are registers for. */
template <class real>
void add_whole_patches(
    const Patches<real>& pass, const PatchTable& table, const Windows<real>& windows, real* sums) {
    const Blocks blocks(pass.size / LANES<real>, PATCH_VECTORS);
    for (long i = 0; i < blocks.count; i++) {
        with_constant<PATCH_VECTORS>(blocks.size(i), [&](auto vectors) {
            add_patches<real, vectors.value>(pass, table, windows, blocks.begin(i) * LANES<real>, sums);
        });
    }
}

template <class real>
void sparse_part(
    const Patches<real>& pass, const PatchTable& table, long begin, long end, const real* dout,
    const unsigned char* winner, const real* x, real* sums) {
    const Convolution& g = pass.g;
    const Pooling& p = pass.p;
    const long planes = p.rows * p.columns;
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
                const long at = n * g.filters * planes + row * p.columns + first;
                pass.lay_out(padded, row, first, some, patches);
                add_whole_patches(
                    pass, table, Windows<real>{patches, dout + at, winner + at, some, planes}, sums);
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
