// What Swift cannot import from the C library about files.

#ifndef CFILESYSTEM_SHIM_H
#define CFILESYSTEM_SHIM_H

#include <stdint.h>

#ifdef __linux__
// sync_file_range stands in <fcntl.h> for those who define _GNU_SOURCE before anything else is
// included; an importer of modules cannot. Linux manual, sync_file_range(2).
int sync_file_range(int descriptor, int64_t offset, int64_t byteCount, unsigned int flags);
static const unsigned int CFileSystem_startWriting = 2;  // SYNC_FILE_RANGE_WRITE
#endif

#endif
