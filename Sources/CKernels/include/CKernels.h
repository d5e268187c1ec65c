// Declarations of the C kernels.
