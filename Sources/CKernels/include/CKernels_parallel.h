// Parallel loops on the threads of libgomp, the very pool that oneDNN uses.
#ifndef CKERNELS_PARALLEL_H
#define CKERNELS_PARALLEL_H

#include <stdint.h>

// Calls body(begin, end, context) with contiguous pieces of [0, count), one piece a thread.
void CKernels_parallelFor(int64_t count, void (*body)(int64_t begin, int64_t end, void *context),
                          void *context);

// Whether the calling thread is inside a parallel loop.
int CKernels_isInParallelLoop(void);

// The number of threads of the calling thread's next parallel loop.
int CKernels_threadCount(void);

// Sets the number of threads of later parallel loops, of this library and of oneDNN.
void CKernels_setThreadCount(int count);

// The number of cores that the process may run on, by its affinity mask.
int CKernels_allowedCoreCount(void);

#endif
