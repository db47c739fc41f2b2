/* The backward pass of convolution, ReLU and pooling.

   After pooling only the windows' winners have a gradient: with windows of 2 x 2, at most a quarter of the
   outputs. So dw[f] is a sum over winners: the gradient times the patch of the image that the winner saw. A
   tile of the padded image is laid out as (y, c, x), and all its rows have the same pitch. So the patch is
   HH C short runs, one below the other:

       C = 2, HH = 2, WW = 3      y = 0, c = 0   . . . . . . . .
                                  y = 0, c = 1   . . . . . . . .
                                  y = 1, c = 0   . . a a a . . .     begins at `place`
                                  y = 1, c = 1   . . b b b . . .              place + 1 pitch
                                  y = 2, c = 0   . . c c c . . .              place + 2 pitches
                                  y = 2, c = 1   . . d d d . . .              place + 3 pitches

   The compiler knows the pitch, so each load is at one register plus a constant. The sums, a short vector or
   *piece* for every run, stay in registers while all winners of a filter pass. Filters wider than a piece lay
   the tile out again, shifted by a piece.

   A load across two cache lines is slow. So a row holds its numbers twice, in blocks of a line: block i has
   the 2 PIECE numbers from i PIECE on. The piece from x on stands at x + x / PIECE * PIECE:

       PIECE = 4          row       0 1 2 3 4 5 6 7 8 9 ...
                          in tile   0 1 2 3 4 5 6 7 | 4 5 6 7 8 9 ...
       the piece from 3             . . . 3 4 5 6
       the piece from 6                                 . . 6 7 8 9                                          */

namespace fastconv::INSTRUCTION_SET {

constexpr long PIECE_BYTES = VECTOR_BYTES < 32 ? VECTOR_BYTES : 32;
constexpr long PITCH_BYTES = 256;       // of a tile's rows
constexpr long TILE_BYTES = 30 << 10;   // a tile stays in the first cache, if a row of windows does
constexpr long MOST_BYTES = 256 << 10;  // of a tile; larger ones would leave the second cache

template <class real>
constexpr long PIECE = PIECE_BYTES / sizeof(real);
template <class real>
constexpr long ROW = PITCH_BYTES / sizeof(real);  // numbers of a tile's row
template <class real>
constexpr long STARTS = ROW<real> / 2;  // columns of the image with a piece of their own in a tile's row

template <class real>
struct PieceOf {
    typedef real type __attribute__((vector_size(PIECE_BYTES)));
};

template <class real>
using piece = typename PieceOf<real>::type;

template <class real>
INLINE piece<real> load_piece(const real* from) {
    piece<real> v;
    memcpy(&v, from, sizeof v);
    return v;
}

template <class real>
INLINE void store_piece(real* to, piece<real> v) {
    memcpy(to, &v, sizeof v);
}

/* Sizes of the tiles. Each holds the pixels that some rows and columns of windows see. */
template <class real>
struct Tiles {
    const Convolution& g;
    const Pooling& p;
    long runs;           // of a patch
    long pieces;         // of a run
    long rows, columns;  // windows; the last tiles may have fewer

    Tiles(const Convolution& g, const Pooling& p)
        : g(g), p(p), runs(g.field_height * g.channels), pieces(Blocks(g.field_width, PIECE<real>).count) {
        const long across = (STARTS<real> - 1) / g.stride + 1 - p.window_width;
        columns = across < 0 ? 0 : Blocks(p.columns, across / p.stride + 1).size(0);
        const long row_bytes = most(1, g.channels) * PITCH_BYTES;
        const long down = (TILE_BYTES / row_bytes - g.field_height) / g.stride + 1 - p.window_height;
        rows = Blocks(p.rows, most(1, down / p.stride + 1)).size(0);
    }

    bool pay() const {
        return columns > 0 && runs > 0 && height(rows) <= MOST_BYTES / PITCH_BYTES / g.channels;
    }

    /* Rows of the image under `windows` rows of windows. */
    long height(long windows) const { return (rows_under(p, windows) - 1) * g.stride + g.field_height; }

    long size() const { return height(rows) * g.channels * ROW<real>; }
    long line_size() const { return g.width + 2 * g.pad + STARTS<real> + (pieces + 1) * PIECE<real>; }

    /* The sums of a filter: (pieces, runs, PIECE) for dw, then one for db. */
    long sums_size() const { return pieces * runs * PIECE<real> + 1; }

    /* The beginning of the patch of the output in row y and column x under the tile. */
    long place(long y, long x) const {
        const long column = x * g.stride;
        return y * g.stride * g.channels * ROW<real> + column + column / PIECE<real> * PIECE<real>;
    }

    /* Lay out the pixels under `windows` rows of windows from `row` on, from a padded column on. The borders
       of `line` are zeros. */
    void lay_out(const real* image, long row, long windows, long column, real* line, real* tile) const {
        const long top = row * p.stride * g.stride - g.pad;
        for (long y = top; y < top + height(windows); y++) {
            for (long c = 0; c < g.channels; c++, tile += ROW<real>) {
                if (y < 0 || y >= g.height) {
                    memset(tile, 0, PITCH_BYTES);
                } else {
                    memcpy(line + g.pad, image + (c * g.height + y) * g.width, g.width * sizeof(real));
                    double_row(line + column, tile);
                }
            }
        }
    }

    static void double_row(const real* line, real* row) {
        for (long i = 0; i < STARTS<real>; i += PIECE<real>) {
            store_piece(row + 2 * i, load_piece(line + i));
            store_piece(row + 2 * i + PIECE<real>, load_piece(line + i + PIECE<real>));
        }
    }
};

/* The windows of a tile with a winner: the places of the patches, and the gradients. */
template <class real>
struct Winners {
    const Tiles<real>& t;
    long count = 0;
    int* in_first_row;  // the place of each winner (256, columns) in the first row of windows
    int* place;
    real* gradient;

    explicit Winners(const Tiles<real>& t) : t(t) {
        const long windows = t.rows * t.columns;
        in_first_row =
            static_cast<int*>(scratch_bytes(WINNERS, (256 * t.columns + windows + 1) * sizeof(int)));
        place = in_first_row + 256 * t.columns;
        gradient = scratch<real>(GRADIENTS, windows + 1);
        for (long i = 0; i < 256; i++) {
            const long pixel = i < t.p.places() ? i : 0;
            const long y = pixel / t.p.window_width, x = pixel % t.p.window_width;
            for (long j = 0; j < t.columns; j++) {
                in_first_row[i * t.columns + j] = static_cast<int>(t.place(y, j * t.p.stride + x));
            }
        }
    }

    /* List `rows` x `columns` windows, without branches: a window without a winner is overwritten by the next
       one. */
    void list(const real* dout, const unsigned char* winner, long rows, long columns) {
        const long places = t.p.places(), next_row = t.place(t.p.stride, 0);
        long listed = 0;
        for (long i = 0; i < rows; i++, dout += t.p.columns, winner += t.p.columns) {
            for (long j = 0; j < columns; j++) {
                place[listed] = static_cast<int>(i * next_row) + in_first_row[winner[j] * t.columns + j];
                gradient[listed] = dout[j];
                listed += winner[j] < places;
            }
        }
        count = listed;
    }
};

/* Add the gradients times the first RUNS runs of the patches to `sums`; returns the sum of the gradients. */
template <class real, int RUNS>
real add_runs(const Winners<real>& winners, const real* tile, real* sums) {
    piece<real> sum[RUNS], total = {};
#pragma GCC unroll 32
    for (int i = 0; i < RUNS; i++) sum[i] = load_piece(sums + i * PIECE<real>);
    for (long i = 0; i < winners.count; i++) {
        const real* run = tile + winners.place[i];
        const piece<real> gradient = piece<real>{} + winners.gradient[i];
#pragma GCC unroll 32
        for (int k = 0; k < RUNS; k++) sum[k] += load_piece(run + k * ROW<real>) * gradient;
        total += gradient;
    }
#pragma GCC unroll 32
    for (int i = 0; i < RUNS; i++) store_piece(sums + i * PIECE<real>, sum[i]);
    return total[0];
}

/* The same for all runs, in blocks of as many as the registers hold. */
template <class real>
real add_patches(const Winners<real>& winners, const real* tile, real* sums) {
    const Blocks blocks(winners.t.runs, PATCH_RUNS);
    real total = 0;
    for (long i = 0; i < blocks.count; i++) {
        with_constant<PATCH_RUNS>(blocks.size(i), [&](auto runs) {
            const long first = blocks.begin(i);
            total = add_runs<real, runs.value>(winners, tile + first * ROW<real>, sums + first * PIECE<real>);
        });
    }
    return total;
}

/* Add the contributions of a tile of an image to the sums (F, sums_size) of all filters. `dout` and `winner`
   begin with the tile's first window of filter 0. */
template <class real>
void add_tile(
    Winners<real>& winners, const real* dout, const unsigned char* winner, long rows, long columns, long k,
    const real* tile, real* sums) {
    const Tiles<real>& t = winners.t;
    for (long f = 0; f < t.g.filters; f++, sums += t.sums_size()) {
        const long plane = f * t.p.rows * t.p.columns;
        winners.list(dout + plane, winner + plane, rows, columns);
        const real total = add_patches(winners, tile, sums + k * t.runs * PIECE<real>);
        if (k == 0) sums[t.sums_size() - 1] += total;
    }
}

/* Add the contributions of an image; `dout` and `winner` are its own. */
template <class real>
void add_image(
    Winners<real>& winners, const real* dout, const unsigned char* winner, const real* image, real* line,
    real* tile, real* sums) {
    const Tiles<real>& t = winners.t;
    const long step = t.p.stride * t.g.stride;
    for (long row = 0; row < t.p.rows; row += t.rows) {
        const long rows = least(t.rows, t.p.rows - row);
        for (long column = 0; column < t.p.columns; column += t.columns) {
            const long columns = least(t.columns, t.p.columns - column), at = row * t.p.columns + column;
            for (long k = 0; k < t.pieces; k++) {
                t.lay_out(image, row, rows, column * step + k * PIECE<real>, line, tile);
                add_tile(winners, dout + at, winner + at, rows, columns, k, tile, sums);
            }
        }
    }
}

/* Add up the slots into dw and db. */
template <class real>
void gather_pieces(const Tiles<real>& t, const real* sums, long count, real* dw, real* db) {
    const Convolution& g = t.g;
    const auto total = [&](long at) {
        real sum = 0;
        for (long slot = 0; slot < count; slot++) sum += sums[slot * g.filters * t.sums_size() + at];
        return sum;
    };
    for (long f = 0; f < g.filters; f++) {
        const long first = f * t.sums_size();
        for (long i = 0; i < taps(g); i++) {
            const long x = i % g.field_width, y = i / g.field_width % g.field_height;
            const long run = y * g.channels + i / g.field_width / g.field_height;
            const long piece = x / PIECE<real> * t.runs + run;
            dw[f * taps(g) + i] = total(first + piece * PIECE<real> + x % PIECE<real>);
        }
        db[f] = total(first + t.sums_size() - 1);
    }
}

/* dw and db alone. */
template <class real>
void sparse_backward(
    const Tiles<real>& t, const real* dout, const unsigned char* winner, const real* x, real* dw, real* db) {
    const Convolution& g = t.g;
    const long size = g.filters * t.sums_size(), count = slots<real>(g.images, size);
    const long outputs = g.filters * t.p.rows * t.p.columns, pixels = g.channels * g.height * g.width;
    real* sums = scratch<real>(SUMS, count * size);
    for_parts(count, [&](long slot) {
        real* tile = scratch<real>(UNFOLDED, t.size());
        real* line = scratch<real>(LINE, t.line_size());
        memset(line, 0, t.line_size() * sizeof(real));
        memset(sums + slot * size, 0, size * sizeof(real));
        Winners<real> winners(t);
        for (long n = share(g.images, count, slot); n < share(g.images, count, slot + 1); n++) {
            const long at = n * outputs;
            add_image(winners, dout + at, winner + at, x + n * pixels, line, tile, sums + slot * size);
        }
    });
    gather_pieces(t, sums, count, dw, db);
}

template <class real>
void conv_relu_pool_backward(
    const Convolution& g, const Pooling& p, const real* dout, const void* winner, const real* x,
    const real* w, real* dx, real* dw, real* db) {
    const bool few = 2 * p.rows * p.columns <= g.rows * g.columns;
    const bool little_pad = g.pad <= g.height + g.width;  // a padded row is held
    const Tiles<real> tiles(g, p);
    if (dx == nullptr && few && little_pad && p.narrow() && tiles.pay()) {
        sparse_backward(tiles, dout, static_cast<const unsigned char*>(winner), x, dw, db);
    } else {
        backward(g, Upstream<real>{dout, &p, winner}, x, w, dx, dw, db);
    }
}

}  // namespace fastconv::INSTRUCTION_SET
