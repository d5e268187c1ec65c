// What Swift needs of Open MPI and cannot import itself.
//
// MPI's predefined objects are macros that cast the address of a library symbol to a pointer to an
// incomplete structure; Swift's importer drops such macros. One function for each object in use,
// and each can go when the importer learns them.
#include <mpi.h>

/// MPI_COMM_WORLD: the communicator of all ranks, from which every other one is duplicated.
static inline MPI_Comm COpenMPI_commWorld(void) { return MPI_COMM_WORLD; }

/// MPI_BYTE: the only element type on the wire; the ranks of a run share one machine type.
static inline MPI_Datatype COpenMPI_byte(void) { return MPI_BYTE; }

/// MPI_ERRORS_RETURN: the handler that makes a failing call return its code instead of aborting.
static inline MPI_Errhandler COpenMPI_errorsReturn(void) { return MPI_ERRORS_RETURN; }

/// MPI_FLOAT: the element type of the library's own all-reduce.
static inline MPI_Datatype COpenMPI_float(void) { return MPI_FLOAT; }

/// MPI_SUM: its operation.
static inline MPI_Op COpenMPI_sum(void) { return MPI_SUM; }
