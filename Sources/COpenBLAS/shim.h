// OpenBLAS's products, and of LAPACK, which Debian builds into it without a header, two routines.

#ifndef COPENBLAS_SHIM_H
#define COPENBLAS_SHIM_H

#include <cblas.h>
#include <stddef.h>

// Fortran passes the lengths of texts behind all arguments.
void dsyevd_(const char *job, const char *triangle, const blasint *size, double *matrix,
             const blasint *stride, double *values, double *work, const blasint *workCount,
             blasint *integers, const blasint *integerCount, blasint *status, size_t jobLength,
             size_t triangleLength);
void dgesdd_(const char *job, const blasint *rowCount, const blasint *columnCount, double *matrix,
             const blasint *stride, double *values, double *left, const blasint *leftStride,
             double *right, const blasint *rightStride, double *work, const blasint *workCount,
             blasint *integers, blasint *status, size_t jobLength);

// Eigenvalues of a symmetric matrix, ascending; with job 'V' the matrix becomes its eigenvectors, one after
// the other. With counts of -1 the first elements of work and integers become the counts that are wanted.
static inline blasint COpenBLAS_dsyevd(char job, blasint size, double *matrix, double *values,
                                       double *work, blasint workCount, blasint *integers,
                                       blasint integerCount) {
  const char triangle = 'L';
  blasint status = 0;
  dsyevd_(&job, &triangle, &size, matrix, &size, values, work, &workCount, integers,
          &integerCount, &status, 1, 1);
  return status;
}

// Singular values of a matrix, descending, whose columns follow one another in memory.
static inline blasint COpenBLAS_dgesdd(blasint rowCount, blasint columnCount, double *matrix,
                                       double *values, double *work, blasint workCount,
                                       blasint *integers) {
  const char job = 'N';
  const blasint one = 1;
  blasint status = 0;
  dgesdd_(&job, &rowCount, &columnCount, matrix, &rowCount, values, NULL, &one, NULL, &one, work,
          &workCount, integers, &status, 1);
  return status;
}

#endif
