// The C kernels: what no library has, as plain loops over raw pointers.
//
// Every kernel is serial over the range it is given; the Swift target `Kernels` checks sizes and
// splits ranges over threads. Arguments come in the order outputs, inputs, sizes.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "CKernels_activations.h"
#include "CKernels_attention.h"
#include "CKernels_axis_map.h"
#include "CKernels_bfloat16.h"
#include "CKernels_cells.h"
#include "CKernels_colors.h"
#include "CKernels_convolution.h"
#include "CKernels_depthwise.h"
#include "CKernels_digest.h"
#include "CKernels_elementwise.h"
#include "CKernels_groupnorm.h"
#include "CKernels_losses.h"
#include "CKernels_neighbours.h"
#include "CKernels_normalization.h"
#include "CKernels_optimizer.h"
#include "CKernels_panels.h"
#include "CKernels_parallel.h"
#include "CKernels_philox.h"
#include "CKernels_pooling.h"
#include "CKernels_processor.h"
#include "CKernels_pyramid.h"
#include "CKernels_quantizer.h"
#include "CKernels_resampling.h"
#include "CKernels_rows.h"
#include "CKernels_similarity.h"
#include "CKernels_structure.h"
#include "CKernels_tokens.h"
#include "CKernels_vector_math.h"
#include "CKernels_windows.h"
#include "CKernels_winograd.h"

#endif
