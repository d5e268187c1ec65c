import Kernels
import Tensors

/// Latent tokens initialised from image features, coarse to fine.
///
/// rest ← x; for each level: its tokens are the means of `rest` over the level's cells (rows
/// floor(i·h/n) ..< ceil((i+1)·h/n), columns alike), row-major; then, if residual, rest ← rest − the
/// tokens upsampled to h×w (nearest: row floor(i·n/h)).
///
/// - Parameters:
///   - x: `[B, h, w, C]`.
///   - grids: Rows and columns of each level.
///   - isResidual: Whether each level sees what the coarser ones left over.
/// - Returns: `[B, Σ rows·columns, C]`.
/// Source: Docs/Method.md, section 3, step 2.
public func latentPyramid(_ x: Variable, grids: [(rows: Int, columns: Int)], isResidual: Bool)
  -> Variable
{
  precondition(
    x.value.dimensionCount == 4 && !grids.isEmpty, "latentPyramid: shape \(x.shape), \(grids)")
  let pyramid = PyramidShape(
    batchCount: x.shape[0], rowCount: x.shape[1], columnCount: x.shape[2],
    channelCount: x.shape[3], levels: grids, isResidual: isResidual)
  let y = Tensor(uninitialized: [x.shape[0], pyramid.tokenCount, x.shape[3]])
  latentPyramid(into: y.buffer, x.value.buffer, pyramid)
  let (xAdjoint, shape) = (x.adjoint, x.shape)
  return x.tape.record(y, from: [x]) { dy in
    xAdjoint?.accumulate(shape: shape) { dx, isAdding in
      latentPyramidBackward(into: dx, dy.buffer, pyramid, isAdding: isAdding)
    }
  }
}
