#include "fastconv_threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include <atomic>
#include <new>

namespace fastconv {
namespace {

const int MOST_THREADS = 64;
const size_t STACK_BYTES = 1 << 20;
const int SPINS = 4000;  // a thread looks for work this often before it sleeps: some 50 microseconds
const size_t CACHE_LINE = 64;

struct Job {
    void (*part)(void* context, long i);
    void* context;
    long parts;
    int helpers;  // threads that may take parts, beside the caller's
};

/* This order makes it safe: a job is written while `open` is false and no thread is inside; then `open`
   becomes true. A thread counts itself in before it checks whether the job is open. */
struct Pool {
    std::atomic_flag taken = ATOMIC_FLAG_INIT;
    Job job = {};
    std::atomic<bool> open{false};
    std::atomic<bool> failed{false};
    std::atomic<long> next{0};
    std::atomic<int> inside{0};
    std::atomic<unsigned> generation{0};  // counts the jobs
    int workers = 0;
    int sleeping = 0;  // guarded by `mutex`
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t work_to_do = PTHREAD_COND_INITIALIZER;
};

alignas(Pool) char pool_memory[sizeof(Pool)];
Pool& pool = *new (pool_memory) Pool;
std::atomic<int> threads_wanted{1};

void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

void take_parts(const Job& job) {
    for (long i; (i = pool.next.fetch_add(1)) < job.parts;) {
        try {
            job.part(job.context, i);
        } catch (const std::bad_alloc&) {
            pool.failed = true;
        }
    }
}

/* Wait until there is a job after number `seen`; give its number. */
unsigned wait_for_job(unsigned seen) {
    for (int i = 0; i < SPINS && pool.generation == seen; i++) relax();
    if (pool.generation == seen) {
        pthread_mutex_lock(&pool.mutex);
        pool.sleeping++;
        while (pool.generation == seen) pthread_cond_wait(&pool.work_to_do, &pool.mutex);
        pool.sleeping--;
        pthread_mutex_unlock(&pool.mutex);
    }
    return pool.generation;
}

void* work(void* number) {
    const long me = reinterpret_cast<long>(number);
    for (unsigned seen = 0;;) {
        seen = wait_for_job(seen);
        pool.inside++;
        if (pool.open && me < pool.job.helpers) take_parts(pool.job);
        pool.inside--;
    }
    return nullptr;
}

void start_again_in_child() { new (pool_memory) Pool; }

/* Start workers until there are `helpers`, or as many as the system allows. */
void hire(int helpers) {
    static const int registered = pthread_atfork(nullptr, nullptr, start_again_in_child);
    (void)registered;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (pthread_t thread; pool.workers < helpers; pool.workers++) {
        void* number = reinterpret_cast<void*>(static_cast<long>(pool.workers));
        if (pthread_create(&thread, &attributes, work, number) != 0) break;
    }
    pthread_attr_destroy(&attributes);
}

void announce(const Job& job) {
    while (pool.inside != 0) relax();  // a thread that is late for the last job, and finds it closed
    pool.job = job;
    pool.next = 0;
    pool.failed = false;
    pool.open = true;
    pool.generation++;
    pthread_mutex_lock(&pool.mutex);
    if (pool.sleeping > 0) pthread_cond_broadcast(&pool.work_to_do);
    pthread_mutex_unlock(&pool.mutex);
}

void wait_for_helpers() {
    pool.open = false;
    for (int i = 1; pool.inside != 0; i++) {
        relax();
        if (i % SPINS == 0) sched_yield();
    }
}

void run_alone(const Job& job) {
    for (long i = 0; i < job.parts; i++) job.part(job.context, i);
}

/* A thread's memory, given back when the thread ends. */
struct Scratch {
    void* memory[USES] = {};
    size_t bytes[USES] = {};

    ~Scratch() {
        for (void* each : memory) free(each);
    }
};

thread_local Scratch scratch_of_thread;

}  // namespace

int num_threads() { return threads_wanted; }

void set_num_threads(int threads) {
    threads_wanted = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
}

void run_parts(long parts, void (*part)(void*, long), void* context) {
    const long threads = parts < num_threads() ? parts : num_threads();
    const Job job = {part, context, parts, static_cast<int>(threads) - 1};
    if (threads <= 1 || pool.taken.test_and_set()) {
        run_alone(job);
        return;
    }
    hire(job.helpers);
    announce(job);
    take_parts(job);
    wait_for_helpers();
    const bool failed = pool.failed;
    pool.taken.clear();
    if (failed) throw std::bad_alloc();
}

void* scratch_bytes(Use use, size_t bytes) {
    Scratch& mine = scratch_of_thread;
    if (mine.bytes[use] < bytes) {
        free(mine.memory[use]);
        mine.memory[use] = nullptr;
        mine.bytes[use] = 0;
        if (posix_memalign(&mine.memory[use], CACHE_LINE, bytes) != 0) throw std::bad_alloc();
        mine.bytes[use] = bytes;
    }
    return mine.memory[use];
}

}  // namespace fastconv
