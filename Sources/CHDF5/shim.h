// What Swift cannot import from HDF5. Its constants are macros that expand to a call of H5open()
// followed by a global variable, or to a cast; Swift's importer takes neither. Each function below
// returns one such macro, or one group of them, and nothing else.

#ifndef CHDF5_SHIM_H
#define CHDF5_SHIM_H

#include <hdf5.h>

#include "trial.h"

// File access flags: (H5CHECK H5OPEN 0x..u) is a comma expression.
static inline unsigned CHDF5_openReadOnly(void) { return H5F_ACC_RDONLY; }
static inline unsigned CHDF5_createOrTruncate(void) { return H5F_ACC_TRUNC; }

// Default handles: casts of integers to hid_t.
static inline hid_t CHDF5_defaultProperties(void) { return H5P_DEFAULT; }
static inline hid_t CHDF5_wholeDataspace(void) { return H5S_ALL; }
static inline hid_t CHDF5_currentErrorStack(void) { return H5E_DEFAULT; }

// Classes of property lists: H5OPEN comma expressions.
static inline hid_t CHDF5_fileAccessClass(void) { return H5P_FILE_ACCESS; }
static inline hid_t CHDF5_datasetCreationClass(void) { return H5P_DATASET_CREATE; }
static inline hid_t CHDF5_datasetAccessClass(void) { return H5P_DATASET_ACCESS; }
static inline hid_t CHDF5_linkCreationClass(void) { return H5P_LINK_CREATE; }

// Element types: H5OPEN comma expressions. The little-endian types are what the file holds; on the
// machines of this project they are the native ones too.
static inline hid_t CHDF5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t CHDF5_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t CHDF5_int8(void) { return H5T_STD_I8LE; }
static inline hid_t CHDF5_int16(void) { return H5T_STD_I16LE; }
static inline hid_t CHDF5_int32(void) { return H5T_STD_I32LE; }
static inline hid_t CHDF5_int64(void) { return H5T_STD_I64LE; }
static inline hid_t CHDF5_uint8(void) { return H5T_STD_U8LE; }
static inline hid_t CHDF5_uint16(void) { return H5T_STD_U16LE; }
static inline hid_t CHDF5_uint32(void) { return H5T_STD_U32LE; }
static inline hid_t CHDF5_uint64(void) { return H5T_STD_U64LE; }
static inline hid_t CHDF5_characterString(void) { return H5T_C_S1; }

#endif
