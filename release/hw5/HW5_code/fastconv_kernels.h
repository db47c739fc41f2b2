/* The kernels of the fast layers: what they compute, how they see an image, how to call them.

   Symbols of the homework: N images, C channels, H x W pixels; F filters of HH x WW; H' x W' outputs
   of an image; S the stride, P the pad. An output of the convolution is

       out[n, f, i, j] = b[f] + sum over c, y, x of w[f, c, y, x] * padded[n, c, i S + y, j S + x]

   A weight's place (c, y, x) in a filter is a *tap*. It sees one pixel for every output. The kernels lay
   an image out so that the pixels of a tap are one contiguous run of numbers:

       a padded row, S = 2        a b c d e f g        line, split by column phase:  a c e g | b d f
       WW = 3, W' = 3             tap x = 0 sees       a c e     \
                                  tap x = 1 sees       b d f      >  each a run of `line`
                                  tap x = 2 sees       c e g     /

       unfolded[c][x][y mod S][row][j]                 rows of one phase follow each other, so
                                                       all H' W' numbers of tap (c, y, x) do, too:
           phase 0   row 0   a c e                     tap y = 0   starts at phase 0, row 0
                     row 1   i k m                     tap y = 1   starts at phase 1, row 0
           phase 1   row 0   .....                     tap y = 2   starts at phase 0, row 1

   So an image is unfolded along x alone (WW copies, while `im2col` makes HH WW), and then

       forward     every output row of a filter is a sum of C HH WW runs, each times one weight;
       dw[f, tap]  is the inner product of the run of that tap with dout[f];
       dx          is the forward sum in reverse: runs that are sums over the filters, folded back.

   Forward and dx keep a tile of a few filters by a few vectors in registers; dw keeps a few filters by a
   few taps. So each number that is loaded is used several times. Large images are cut into bands of rows
   whose unfolded form stays in the cache. The work is cut into parts that depend on the shapes alone, and
   each part has its own place for its sums, so that results are the same bit for bit for any number of
   threads.

   The kernels are templates over the number's type, float or double, in fastconv_unfolding.h,
   fastconv_convolution.h, fastconv_halves.h, fastconv_patches.h, fastconv_pooling.h and fastconv_affine.h.
   They are compiled once for each instruction set, by fastconv_avx512.cpp, fastconv_avx2.cpp and
   fastconv_baseline.cpp; fastconv_kernels.cpp chooses one when the module is loaded. fastconv_threads has
   the threads and their scratch memory, fastconv.pyx the checks and the interface to Python. */

#ifndef FASTCONV_KERNELS_H
#define FASTCONV_KERNELS_H

namespace fastconv {

/* Sizes of a convolution; `rows` and `columns` are H' and W'. */
struct Convolution {
    long images, channels, height, width;
    long filters, field_height, field_width;
    long stride, pad;
    long rows, columns;
};

/* Sizes of a max pooling of planes of `height` x `width` pixels; gives `rows` x `columns` numbers.
   A window's winner is the place of its largest pixel in the window, counted row by row: one byte if that
   is enough, else four. The number after the last place means that ReLU lets no gradient through. */
struct Pooling {
    long planes, height, width;
    long window_height, window_width, stride;
    long rows, columns;

    long places() const { return window_height * window_width; }
    bool narrow() const { return places() <= 255; }
};

/* A fully connected layer: `examples` rows x of length `inputs`, weights w (inputs, outputs). */
struct Affine {
    long examples, inputs, outputs;
};

/* Settings of a step of Adam; see `adam_step`. */
struct Adam {
    double step_size, beta1, beta2, epsilon, correction;
};

/* The kernels of one instruction set for one type of numbers. All arrays are contiguous, in C's order,
   and aligned at least for their type. If memory runs out, std::bad_alloc is thrown. */
template <class real>
struct Kernels {
    /* out (N, F, H', W') */
    void (*conv_forward)(const Convolution&, const real* x, const real* w, const real* b, real* out);
    /* dx (N, C, H, W), not computed if it is null; dw (F, C, HH, WW); db (F) */
    void (*conv_backward)(
        const Convolution&, const real* dout, const real* x, const real* w, real* dx, real* dw, real* db);
    void (*pool_forward)(const Pooling&, const real* x, real* out, void* winner);
    void (*pool_backward)(const Pooling&, const real* dout, const void* winner, real* dx);
    /* Convolution, ReLU, pooling: the convolution's output never leaves the cache. */
    void (*conv_relu_pool_forward)(
        const Convolution&, const Pooling&, const real* x, const real* w, const real* b, real* out,
        void* winner);
    void (*conv_relu_pool_backward)(
        const Convolution&, const Pooling&, const real* dout, const void* winner, const real* x,
        const real* w, real* dx, real* dw, real* db);
    /* out = x w + b; `relu` sets negative numbers to zero */
    void (*affine_forward)(const Affine&, const real* x, const real* w, const real* b, real* out, bool relu);
    void (*affine_backward)(
        const Affine&, const real* dout, const real* x, const real* w, real* dx, real* dw, real* db);
    /* m = beta1 m + (1 - beta1) dw;  v = beta2 v + (1 - beta2) dw^2;
       w -= step_size m / (sqrt(correction v) + epsilon) */
    void (*adam_step)(const Adam&, long size, real* w, const real* dw, real* m, real* v);
};

/* The kernels of the instruction set in use, for numbers of the pointer's type. */
const Kernels<float>& kernels(const float*);
const Kernels<double>& kernels(const double*);

/* The instruction sets that were compiled and that this processor has, best first. */
int instruction_sets();
const char* instruction_set_name(int index);

/* The index of the one in use; at first the best. */
int instruction_set();
void use_instruction_set(int index);

}  // namespace fastconv

#endif
