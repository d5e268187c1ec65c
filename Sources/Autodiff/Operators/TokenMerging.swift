import Kernels
import Tensors

/// Halves the leading tokens into a coarser scale that is put in front.
///
/// The leading n tokens give n/2 merged ones, the mean or the first of neighbouring pairs. The result
/// is [merged, leading tokens, the rest]; with `isResidual` the merged token of its pair is subtracted
/// from each leading token.
///
/// - Parameters:
///   - x: `[B, N, C]`.
///   - leadingCount: n, even.
///   - isAverage: Mean of a pair; otherwise its first token.
///   - isResidual: Whether what stays is the difference.
/// - Returns: `[B, N + n/2, C]`.
/// Source: Docs/Method.md, section 3, step 5.
public func mergeTokens(
  _ x: Variable, leadingCount: Int, isAverage: Bool, isResidual: Bool
) -> Variable {
  precondition(
    x.value.dimensionCount == 3 && leadingCount >= 0 && leadingCount % 2 == 0
      && leadingCount <= x.shape[1],
    "mergeTokens: \(leadingCount) leading tokens of shape \(x.shape) cannot be paired")
  let merge = TokenMerge(
    batchCount: x.shape[0], tokenCount: x.shape[1], leadingCount: leadingCount,
    channelCount: x.shape[2], isAverage: isAverage, isResidual: isResidual)
  let y = Tensor(uninitialized: [x.shape[0], merge.resultTokenCount, x.shape[2]])
  mergeLeadingTokens(into: y.buffer, x.value.buffer, merge)
  let (xAdjoint, shape) = (x.adjoint, x.shape)
  return x.tape.record(y, from: [x]) { dy in
    xAdjoint?.accumulate(shape: shape) { dx, isAdding in
      mergeLeadingTokensBackward(into: dx, dy.buffer, merge, isAdding: isAdding)
    }
  }
}
