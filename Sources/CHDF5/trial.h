// A trial of a file in a child process.
//
// HDF5 1.10 can end in a signal or in an endless loop on a damaged file, and nothing that runs inside a
// process can guard it against that. So a file of which nobody knows a digest is first opened by a child,
// which looks at all that a reader will look at but the elements themselves.

#ifndef CHDF5_TRIAL_H
#define CHDF5_TRIAL_H

#include <errno.h>
#include <hdf5.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// How a trial ends; anything else is minus the number of the signal that ended the child.
enum {
  CHDF5_trialPassed = 0,       // everything could be looked at
  CHDF5_trialNotOpened = 1,    // HDF5 says itself that it cannot open the file
  CHDF5_trialFailed = 2,       // HDF5 reports a failure inside the file
  CHDF5_trialImpossible = 3,   // no child could be made
  CHDF5_trialTooLarge = 4,     // HDF5 wanted more memory to open the file than it may have
};

// Reads `elementCount` strings of `type` by a call of `read`; their bytes must fit the file.
static inline int CHDF5_tryStrings(hid_t object, hid_t type, hsize_t elementCount,
                                   hsize_t fileByteCount, int isAttribute) {
  htri_t isVariable = H5Tis_variable_str(type);
  size_t size = H5Tget_size(type);
  if (isVariable < 0 || size == 0 || elementCount > fileByteCount / size) return -1;
  if (elementCount == 0) return 0;
  char *bytes = (char *)calloc(elementCount, size);
  if (!bytes) return -1;
  herr_t status = isAttribute ? H5Aread(object, type, bytes)
                              : H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes);
  if (status >= 0 && isVariable > 0) {
    for (hsize_t index = 0; index < elementCount; index++) free(((char **)(void *)bytes)[index]);
  }
  free(bytes);
  return status < 0 ? -1 : 0;
}

// Looks up every chunk of a dataset; each must be there.
static inline int CHDF5_tryChunks(hid_t dataset, hid_t space, hid_t creation) {
  hsize_t shape[H5S_MAX_RANK], chunk[H5S_MAX_RANK], start[H5S_MAX_RANK] = {0}, foundCount = 0;
  int axisCount = H5Sget_simple_extent_dims(space, shape, NULL);
  if (axisCount < 1 || H5Pget_chunk(creation, axisCount, chunk) != axisCount) return -1;
  if (H5Dget_num_chunks(dataset, space, &foundCount) < 0) return -1;
  hsize_t count = 1;
  for (int axis = 0; axis < axisCount; axis++) {
    hsize_t partCount = chunk[axis] ? shape[axis] / chunk[axis] + (shape[axis] % chunk[axis] != 0) : 0;
    if (partCount == 0 || count > foundCount / partCount) return -1;
    count *= partCount;
  }
  while (1) {
    hsize_t size = 0;
    if (H5Dget_chunk_storage_size(dataset, start, &size) < 0 || size == 0) return -1;
    int axis = axisCount - 1;
    for (; axis >= 0; axis--) {
      if (chunk[axis] < shape[axis] - start[axis]) {
        start[axis] += chunk[axis];
        break;
      }
      start[axis] = 0;
    }
    if (axis < 0) return 0;
  }
}

// Looks at the type, the space, the chunks and the strings of a dataset.
static inline int CHDF5_tryDataset(hid_t dataset, hsize_t fileByteCount) {
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  hid_t creation = H5Dget_create_plist(dataset);
  int result = -1;
  if (type >= 0 && space >= 0 && creation >= 0) {
    hssize_t elementCount = H5Sget_simple_extent_npoints(space);
    H5D_layout_t layout = H5Pget_layout(creation);
    if (elementCount >= 0 && layout != H5D_LAYOUT_ERROR) {
      result = layout == H5D_CHUNKED && elementCount > 0 ? CHDF5_tryChunks(dataset, space, creation) : 0;
      if (result == 0 && H5Tget_class(type) == H5T_STRING) {
        result = CHDF5_tryStrings(dataset, type, (hsize_t)elementCount, fileByteCount, 0);
      }
    }
  }
  if (creation >= 0) H5Pclose(creation);
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return result;
}

// Reads an attribute that is a string; called for each attribute.
static inline herr_t CHDF5_tryAttribute(hid_t owner, const char *name, const H5A_info_t *information,
                                        void *context) {
  (void)information;
  hid_t attribute = H5Aopen(owner, name, H5P_DEFAULT);
  if (attribute < 0) return -1;
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  int result = -1;
  if (type >= 0 && space >= 0) {
    hssize_t elementCount = H5Sget_simple_extent_npoints(space);
    result = elementCount < 0 ? -1 : 0;
    if (result == 0 && H5Tget_class(type) == H5T_STRING) {
      result = CHDF5_tryStrings(attribute, type, (hsize_t)elementCount, *(const hsize_t *)context, 1);
    }
  }
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  H5Aclose(attribute);
  return result;
}

// Looks at an object of the file; called for each.
static inline herr_t CHDF5_tryObject(hid_t file, const char *name, const H5O_info_t *information,
                                     void *context) {
  (void)information;
  hid_t object = H5Oopen(file, name, H5P_DEFAULT);
  if (object < 0) return -1;
  herr_t result =
      H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, NULL, CHDF5_tryAttribute, context);
  if (result >= 0 && H5Iget_type(object) == H5I_DATASET) {
    result = CHDF5_tryDataset(object, *(const hsize_t *)context);
  }
  H5Oclose(object);
  return result < 0 ? -1 : 0;
}

// Notes whether an error on the stack is one of memory that was not to be had.
static inline herr_t CHDF5_noteMemory(unsigned position, const H5E_error2_t *error, void *found) {
  (void)position;
  if (error->min_num == H5E_NOSPACE || error->min_num == H5E_CANTALLOC) *(int *)found = 1;
  return 0;
}

// Looks at everything in a file.
static inline int CHDF5_tryContent(const char *path, hid_t access) {
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
  if (file < 0) {
    // What was refused for want of memory must not be opened where there is more of it.
    int isTooLarge = 0;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, CHDF5_noteMemory, &isTooLarge);
    return isTooLarge ? CHDF5_trialTooLarge : CHDF5_trialNotOpened;
  }
  hsize_t byteCount = 0;
  herr_t status = H5Fget_filesize(file, &byteCount);
  if (status >= 0) {
    status = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, CHDF5_tryObject, &byteCount, H5O_INFO_BASIC);
  }
  return status < 0 ? CHDF5_trialFailed : CHDF5_trialPassed;
}

// Makes the process one that ends by itself: by the system's own action on every signal, without a
// core, after `secondCount` of work, when it waits sixty times as long for a disk, and when it takes
// more memory than `byteCount` above what it has.
static inline void CHDF5_limitProcess(unsigned secondCount, size_t byteCount) {
  const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP,
                         SIGALRM, SIGXCPU, SIGTERM, SIGINT};
  for (size_t index = 0; index < sizeof signals / sizeof *signals; index++) {
    signal(signals[index], SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  struct rlimit limit = {0, 0};
  setrlimit(RLIMIT_CORE, &limit);
  // The time of the processor, not of the clock: a sound file is not refused on a busy machine.
  limit.rlim_cur = secondCount;
  limit.rlim_max = secondCount + 1;
  setrlimit(RLIMIT_CPU, &limit);
  FILE *status = fopen("/proc/self/statm", "r");
  unsigned long pageCount = 0;
  if (status && fscanf(status, "%lu", &pageCount) == 1 && getrlimit(RLIMIT_AS, &limit) == 0) {
    rlim_t most = (rlim_t)pageCount * (rlim_t)sysconf(_SC_PAGESIZE) + byteCount;
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > most) limit.rlim_cur = most;
    setrlimit(RLIMIT_AS, &limit);
  }
  alarm(60 * secondCount);
}

// Opens a file in a child and looks at everything in it but the elements of its arrays.
//
// To be called under the lock of the library, so that no other thread is inside it at the fork. The
// child runs nothing else and ends by `_exit`, so that nothing of the parent's is written or closed.
static inline int CHDF5_tryFile(const char *path, hid_t access, unsigned secondCount,
                                size_t byteCount) {
  // Where SIGCHLD is ignored, as some launchers leave it, nobody learns how a child has ended.
  struct sigaction usual, before;
  memset(&usual, 0, sizeof usual);
  usual.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &usual, &before);
  pid_t child = fork();
  if (child == 0) {
    CHDF5_limitProcess(secondCount, byteCount);
    _exit(CHDF5_tryContent(path, access));
  }
  int status = 0;
  pid_t ended = child;
  while (child > 0 && (ended = waitpid(child, &status, 0)) < 0 && errno == EINTR) {
  }
  sigaction(SIGCHLD, &before, NULL);
  if (ended < 0) return CHDF5_trialImpossible;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

#endif
