// Declarations of the C kernels.
#include "ImageResampling.h"
