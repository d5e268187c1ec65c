#include "CKernels_parallel.h"

// libgomp's entry points, declared here because clang brings no omp.h for them on this system.
void GOMP_parallel(void (*function)(void *), void *data, unsigned threadCount, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_get_max_threads(void);
void omp_set_num_threads(int count);
int omp_in_parallel(void);
int omp_get_num_procs(void);

typedef struct {
  int64_t count;
  void (*body)(int64_t, int64_t, void *);
  void *context;
} Loop;

static void runPiece(void *data) {
  const Loop *loop = data;
  const int64_t threads = omp_get_num_threads();
  const int64_t thread = omp_get_thread_num();
  const int64_t begin = loop->count * thread / threads;
  const int64_t end = loop->count * (thread + 1) / threads;
  if (begin < end) loop->body(begin, end, loop->context);
}

void CKernels_parallelFor(int64_t count, void (*body)(int64_t, int64_t, void *), void *context) {
  if (count <= 0) return;
  if (count == 1 || omp_get_max_threads() == 1) {
    body(0, count, context);
    return;
  }
  Loop loop = {count, body, context};
  GOMP_parallel(runPiece, &loop, 0, 0);
}

int CKernels_isInParallelLoop(void) { return omp_in_parallel(); }

int CKernels_threadCount(void) { return omp_get_max_threads(); }

void CKernels_setThreadCount(int count) { omp_set_num_threads(count); }

int CKernels_allowedCoreCount(void) { return omp_get_num_procs(); }
