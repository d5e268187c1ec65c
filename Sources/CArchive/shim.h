// What Swift cannot import from libarchive.

#ifndef CARCHIVE_SHIM_H
#define CARCHIVE_SHIM_H

#include <archive.h>
#include <archive_entry.h>

// AE_IFREG is a macro with a cast to libarchive's mode type, which Swift's importer does not take.
static inline unsigned int CArchive_regularFile(void) { return (unsigned int)AE_IFREG; }

#endif
