/* The fully connected layer and Adam: see fastconv_kernels.h.

   One kernel computes all three products of matrices; it keeps a tile of a few rows by a few vectors of the
   result in registers. NumPy's product would do, but its library picks kernels for older processors. */

namespace fastconv::INSTRUCTION_SET {

/* A matrix that `product` reads number by number: number (i, k) is at[i * row + k * column]. */
template <class real>
struct Numbers {
    const real* at;
    long row, column;
};

/* c (ROWS, VECTORS vectors) = a b, or c + a b; b and c have rows of `b_row` and `c_row` numbers. */
template <class real, int ROWS, int VECTORS>
void product_tile(long depth, Numbers<real> a, const real* b, long b_row, real* c, long c_row, bool add) {
    constexpr long L = LANES<real>;
    vector<real> sum[ROWS][VECTORS];
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) {
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) {
            sum[i][v] = add ? load(c + i * c_row + v * L) : vector<real>{};
        }
    }
    for (long k = 0; k < depth; k++, b += b_row) {
        vector<real> from_b[VECTORS];
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) from_b[v] = load(b + v * L);
#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++) {
            const real from_a = a.at[i * a.row + k * a.column];
#pragma GCC unroll 8
            for (int v = 0; v < VECTORS; v++) sum[i][v] += from_b[v] * from_a;
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) {
#pragma GCC unroll 8
        for (int v = 0; v < VECTORS; v++) store(c + i * c_row + v * L, sum[i][v]);
    }
}

/* c (rows, vectors) = a b, or c + a b, where a is (rows, depth) and b (depth, vectors). */
template <class real>
void product(
    long rows, long vectors, long depth, Numbers<real> a, const real* b, long b_row, real* c, long c_row,
    bool add) {
    const Blocks across(vectors, SUM_VECTORS), down(rows, SUM_FILTERS);
    for (long i = 0; i < down.count; i++) {
        for (long j = 0; j < across.count; j++) {
            const long column = across.begin(j) * LANES<real>;
            const Numbers<real> some = {a.at + down.begin(i) * a.row, a.row, a.column};
            real* tile = c + down.begin(i) * c_row + column;
            with_constant<SUM_FILTERS>(down.size(i), [&](auto m) {
                with_constant<SUM_VECTORS>(across.size(j), [&](auto n) {
                    product_tile<real, m.value, n.value>(depth, some, b + column, b_row, tile, c_row, add);
                });
            });
        }
    }
}

constexpr long DEPTH = 128;     // rows of w at a time; they stay in the cache for all examples
constexpr long COLUMNS = 128;   // inputs at a time in the backward pass; whole vectors
constexpr long PITCH = 144;     // between their rows, so that they don't compete for the same cache lines
constexpr long EXAMPLES = 48;   // in one part of the work
constexpr long SMALL = 200000;  // so many multiplications are not worth a second thread

template <class real>
long parts_for(const Affine& a, long parts) {
    return a.examples * a.inputs * a.outputs < SMALL ? 1 : most(1, parts);
}

/* sums (examples, row) += x w, for a few examples of x. Vectors at the end of a row of w read into the next
   rows, which does no harm; the last rows, which have none after them, are copied. */
template <class real>
void add_products(const Affine& a, long examples, const real* x, const real* w, real* sums, long row) {
    const long vectors = row / LANES<real>, copied = least(a.inputs, (row + a.outputs - 1) / a.outputs);
    const long in_place = a.inputs - copied;
    for (long k = 0; k < in_place; k += DEPTH) {
        const Numbers<real> some = {x + k, a.inputs, 1};
        const real* rows = w + k * a.outputs;
        product(examples, vectors, least(DEPTH, in_place - k), some, rows, a.outputs, sums, row, true);
    }
    real* last = scratch<real>(LINE, copied * row);
    for (long k = 0; k < copied; k++) {
        memcpy(last + k * row, w + (in_place + k) * a.outputs, a.outputs * sizeof(real));
    }
    product(examples, vectors, copied, Numbers<real>{x + in_place, a.inputs, 1}, last, row, sums, row, true);
}

template <class real>
void affine_forward(const Affine& a, const real* x, const real* w, const real* b, real* out, bool relu) {
    const long row = round_up(a.outputs, LANES<real>), parts = parts_for<real>(a, a.examples / EXAMPLES);
    for_parts(parts, [&](long part) {
        const long begin = share(a.examples, parts, part), end = share(a.examples, parts, part + 1);
        real* sums = scratch<real>(SUMS, (end - begin) * row);
        memset(sums, 0, (end - begin) * row * sizeof(real));
        for (long i = 0; i < end - begin; i++) memcpy(sums + i * row, b, a.outputs * sizeof(real));
        if (a.outputs > 0) add_products(a, end - begin, x + begin * a.inputs, w, sums, row);
        for (long i = begin; i < end; i++) {
            const real* sum = sums + (i - begin) * row;
            real* result = out + i * a.outputs;
            for (long j = 0; j < a.outputs; j++) result[j] = relu && sum[j] <= 0 ? 0 : sum[j];
        }
    });
}

/* The gradients by the inputs `first` to `first + count`: columns of x, rows of w. `dout` has rows of `row`
   numbers, padded with zeros. */
template <class real>
void affine_backward_block(
    const Affine& a, long first, long count, const real* dout, long row, const real* x, const real* w,
    real* dx, real* dw) {
    real* turned = scratch<real>(WEIGHTS, a.outputs * PITCH);
    memset(turned, 0, a.outputs * PITCH * sizeof(real));
    for (long k = 0; k < count; k++) {
        for (long j = 0; j < a.outputs; j++) turned[j * PITCH + k] = w[(first + k) * a.outputs + j];
    }
    const Numbers<real> gradients = {dout, row, 1};
    const long vectors = COLUMNS / LANES<real>;
    if (count == COLUMNS) {
        product(a.examples, vectors, a.outputs, gradients, turned, PITCH, dx + first, a.inputs, false);
    } else {
        real* part = scratch<real>(PLANES, a.examples * PITCH);
        product(a.examples, vectors, a.outputs, gradients, turned, PITCH, part, PITCH, false);
        for (long n = 0; n < a.examples; n++) {
            memcpy(dx + n * a.inputs + first, part + n * PITCH, count * sizeof(real));
        }
    }
    real* columns = scratch<real>(UNFOLDED, a.examples * PITCH);
    for (long n = 0; n < a.examples; n++) {
        memcpy(columns + n * PITCH, x + n * a.inputs + first, count * sizeof(real));
    }
    real* rows = scratch<real>(SUMS, COLUMNS * row);
    product(
        count, row / LANES<real>, a.examples, Numbers<real>{columns, 1, PITCH}, dout, row, rows, row, false);
    for (long k = 0; k < count; k++) {
        memcpy(dw + (first + k) * a.outputs, rows + k * row, a.outputs * sizeof(real));
    }
}

template <class real>
void affine_backward(
    const Affine& a, const real* dout, const real* x, const real* w, real* dx, real* dw, real* db) {
    const long row = round_up(a.outputs, LANES<real>);
    real* padded = scratch<real>(UPSTREAM, a.examples * row);
    memset(padded, 0, a.examples * row * sizeof(real));
    for (long j = 0; j < a.outputs; j++) db[j] = 0;
    for (long n = 0; n < a.examples; n++) {
        memcpy(padded + n * row, dout + n * a.outputs, a.outputs * sizeof(real));
        for (long j = 0; j < a.outputs; j++) db[j] += dout[n * a.outputs + j];
    }
    const long blocks = (a.inputs + COLUMNS - 1) / COLUMNS, parts = parts_for<real>(a, least(blocks, 32));
    for_parts(parts, [&](long part) {
        for (long i = share(blocks, parts, part); i < share(blocks, parts, part + 1); i++) {
            const long first = i * COLUMNS, count = least(COLUMNS, a.inputs - first);
            affine_backward_block(a, first, count, padded, row, x, w, dx, dw);
        }
    });
}

INLINE float root(float x) { return __builtin_sqrtf(x); }
INLINE double root(double x) { return __builtin_sqrt(x); }

template <class real>
void adam_part(
    const Adam& adam, long size, real* __restrict w, const real* __restrict dw, real* __restrict m,
    real* __restrict v) {
    const real step = adam.step_size, epsilon = adam.epsilon, correction = adam.correction;
    const real keep_m = adam.beta1, keep_v = adam.beta2, take_m = 1 - adam.beta1, take_v = 1 - adam.beta2;
    for (long i = 0; i < size; i++) {
        m[i] = keep_m * m[i] + take_m * dw[i];
        v[i] = keep_v * v[i] + take_v * dw[i] * dw[i];
        w[i] -= step * m[i] / (root(v[i] * correction) + epsilon);
    }
}

/* Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1. The caller has put the
   corrections of both biases into `step_size` and `correction`. */
template <class real>
void adam_step(const Adam& adam, long size, real* w, const real* dw, real* m, real* v) {
    const long parts = size < 20000 ? 1 : 16;
    for_parts(parts, [&](long part) {
        const long first = share(size, parts, part), count = share(size, parts, part + 1) - first;
        adam_part(adam, count, w + first, dw + first, m + first, v + first);
    });
}

}  // namespace fastconv::INSTRUCTION_SET
