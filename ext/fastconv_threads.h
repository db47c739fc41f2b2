/* A few threads that share the parts of a job, and scratch memory for each of them.

   The threads outlive a job, so that the next one starts within microseconds; after a while without work
   they sleep. Nobody waits for a thread that the system wakes only after the job. The pool serves one job
   at a time: a second one runs on its caller's thread alone. After a fork the child starts with a pool of
   its own. */

#ifndef FASTCONV_THREADS_H
#define FASTCONV_THREADS_H

#include <stddef.h>

namespace fastconv {

/* The number of threads that a job may take, the caller's included; 1 or more. */
int num_threads();
void set_num_threads(int threads);

/* Call part(context, i) once for every i from 0 to parts - 1, on any of the threads. Throws std::bad_alloc
   if a part did, after all other parts. */
void run_parts(long parts, void (*part)(void* context, long i), void* context);

/* Memory of this thread for `bytes` bytes, aligned to a cache line. It is kept until the thread's next call
   with the same `use`. Throws std::bad_alloc. */
enum Use { UNFOLDED, LINE, WEIGHTS, PLANES, UPSTREAM, TAPS, WINNERS, GRADIENTS, SUMS, USES };
void* scratch_bytes(Use use, size_t bytes);

}  // namespace fastconv

#endif
