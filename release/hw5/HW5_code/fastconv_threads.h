/* A few threads that share the parts of a job, and scratch memory for each of them.

   The threads outlive a job, so that the next one starts within microseconds; after a while without
   work they sleep. A thread that the system has not woken when the job is over is not waited for.
   The pool serves one job at a time: a job that finds it taken runs on its caller's thread alone. After
   a fork the child starts with a pool of its own. */

#ifndef FASTCONV_THREADS_H
#define FASTCONV_THREADS_H

#include <stddef.h>

namespace fastconv {

/* How many threads a job may take, the caller's among them; 1 or more. */
int num_threads();
void set_num_threads(int threads);

/* Call part(context, i) for every i from 0 to parts - 1, each once, on one thread or another.
   Throws std::bad_alloc where a part did; the others are finished before. */
void run_parts(long parts, void (*part)(void* context, long i), void* context);

/* Memory of this thread for `bytes` bytes, aligned to a cache line; it stays as it is until the next
   call with the same `use`, for as long as the thread lives. Throws std::bad_alloc. */
enum Use { UNFOLDED, LINE, WEIGHTS, PLANES, UPSTREAM, TAPS, PATCHES, WINNERS, GRADIENTS, SUMS, USES };
void* scratch_bytes(Use use, size_t bytes);

}  // namespace fastconv

#endif
