/* Vectors of VECTOR_BYTES bytes, and helpers of all kernels. This is compiled once for each instruction set,
   in a namespace with its name, so that no two share a function. */

#define INLINE [[gnu::always_inline]] static inline

namespace fastconv::INSTRUCTION_SET {

template <class real>
struct VectorOf {
    typedef real type __attribute__((vector_size(VECTOR_BYTES)));
};

template <class real>
using vector = typename VectorOf<real>::type;

/* The number of numbers in a vector. */
template <class real>
constexpr long LANES = VECTOR_BYTES / sizeof(real);

template <class real>
INLINE vector<real> load(const real* from) {
    vector<real> v;
    memcpy(&v, from, sizeof v);
    return v;
}

template <class real>
INLINE void store(real* to, vector<real> v) {
    memcpy(to, &v, sizeof v);
}

/* The first `lanes` numbers, and zeros. */
template <class real>
INLINE vector<real> load_first(const real* from, long lanes) {
    vector<real> v = {};
    memcpy(&v, from, lanes * sizeof(real));
    return v;
}

template <class real>
INLINE void store_first(real* to, vector<real> v, long lanes) {
    memcpy(to, &v, lanes * sizeof(real));
}

/* The sum of all numbers, as a tree: the second half is added to the first until one number is left. */
template <class real>
INLINE real sum_of(vector<real> v) {
    real sum[LANES<real>];
    store(sum, v);
#pragma GCC unroll 4
    for (long half = LANES<real> / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
        for (long i = 0; i < half; i++) sum[i] += sum[i + half];
    }
    return sum[0];
}

/* Copy whole vectors: up to LANES - 1 more numbers are read and written than asked for. */
template <class real>
INLINE void copy_vectors(const real* from, real* to, long count) {
    for (long i = 0; i < count; i += LANES<real>) store(to + i, load(from + i));
}

INLINE long least(long a, long b) { return a < b ? a : b; }
INLINE long most(long a, long b) { return a > b ? a : b; }
INLINE long round_up(long n, long multiple) { return (n + multiple - 1) / multiple * multiple; }

/* Divide things into the fewest blocks of at most `largest` each, of nearly the same size. */
struct Blocks {
    long things, count;

    Blocks(long things, long largest) : things(things), count((things + largest - 1) / largest) {}
    long begin(long i) const { return things / count * i + least(i, things % count); }
    long size(long i) const { return things / count + (i < things % count); }
};

/* The first thing of part i, if the things are divided into nearly equal parts. */
INLINE long share(long things, long parts, long i) { return things * i / parts; }

template <int N>
struct Constant {
    static constexpr int value = N;
};

/* Call run with n, from 1 to MOST, as a constant with a type of its own. So each n gets code of its own, whose
   loops are unrolled and whose tiles are registers. */
template <int MOST, class Run>
INLINE void with_constant(long n, const Run& run) {
    if constexpr (MOST > 0) {
        if (n == MOST) return run(Constant<MOST>{});
        with_constant<MOST - 1>(n, run);
    }
}

/* Scratch memory of this thread; one more vector than asked for may be read and written. */
template <class real>
real* scratch(Use use, long count) {
    return static_cast<real*>(scratch_bytes(use, (count + LANES<real>)*sizeof(real)));
}

/* Call part(i) for every i below `parts`, on as many threads as there are. */
template <class Part>
void for_parts(long parts, const Part& part) {
    run_parts(
        parts, [](void* context, long i) { (*static_cast<const Part*>(context))(i); },
        const_cast<Part*>(&part));
}

}  // namespace fastconv::INSTRUCTION_SET
