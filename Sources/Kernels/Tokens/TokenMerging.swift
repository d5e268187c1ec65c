import CKernels

/// How the leading tokens are halved, and what stays of them.
public struct TokenMerge: Sendable, Equatable {
  /// Number of sequences.
  public var batchCount: Int
  /// Tokens of a sequence before merging.
  public var tokenCount: Int
  /// Tokens at the start of a sequence that are merged in pairs; even.
  public var leadingCount: Int
  /// Elements of a token.
  public var channelCount: Int
  /// Whether a merged token is the mean of its pair; otherwise the first of it.
  public var isAverage: Bool
  /// Whether the merged token is subtracted from the two that stay.
  public var isResidual: Bool

  /// Describes a merge.
  public init(
    batchCount: Int, tokenCount: Int, leadingCount: Int, channelCount: Int, isAverage: Bool,
    isResidual: Bool
  ) {
    precondition(
      leadingCount >= 0 && leadingCount % 2 == 0 && leadingCount <= tokenCount,
      "TokenMerge: \(leadingCount) leading of \(tokenCount) tokens cannot be paired")
    self.batchCount = batchCount
    self.tokenCount = tokenCount
    self.leadingCount = leadingCount
    self.channelCount = channelCount
    self.isAverage = isAverage
    self.isResidual = isResidual
  }

  /// Merged tokens of a sequence.
  public var mergedCount: Int { leadingCount / 2 }
  /// Tokens of a sequence after merging.
  public var resultTokenCount: Int { tokenCount + mergedCount }

  var inputStride: Int { tokenCount * channelCount }
  var outputStride: Int { resultTokenCount * channelCount }

  /// Calls `body` with the first elements of every pair: merged, pair in the result, pair in the input.
  func forEachPair(_ body: (_ merged: Int, _ kept: Int, _ pair: Int) -> Void) {
    guard mergedCount > 0, channelCount > 0 else { return }
    let grain = max(1, elementGrain / (2 * channelCount))
    parallelFor(batchCount * mergedCount, grain: grain) { pairs in
      for index in pairs {
        let (sequence, pair) = index.quotientAndRemainder(dividingBy: mergedCount)
        body(
          sequence * outputStride + pair * channelCount,
          sequence * outputStride + (mergedCount + 2 * pair) * channelCount,
          sequence * inputStride + 2 * pair * channelCount)
      }
    }
  }

  func check(input: Buffer, output: Buffer) {
    precondition(
      input.count == batchCount * inputStride && output.count == batchCount * outputStride,
      "TokenMerge: \(input.count) and \(output.count) elements for \(self)")
  }
}

/// y = [merged, leading tokens (less the merged one of their pair when residual), the rest].
public func mergeLeadingTokens(into y: Buffer, _ x: Buffer, _ merge: TokenMerge) {
  merge.check(input: x, output: y)
  let (target, source) = (y.floats, x.floats)
  merge.forEachPair { merged, kept, pair in
    CKernels_mergePair(
      target + merged, target + kept, source + pair, merge.isAverage ? 1 : 0,
      merge.isResidual ? 1 : 0, Int64(merge.channelCount))
  }
  let (lead, all) = (merge.leadingCount * merge.channelCount, merge.inputStride)
  copyBlocks(
    into: BlockRow(y, offset: lead + merge.outputStride - all, stride: merge.outputStride),
    from: BlockRow(x, offset: lead, stride: all), blockCount: merge.batchCount,
    blockSize: all - lead)
}

/// dx = the transposed map of `mergeLeadingTokens` on dy, or that added to dx.
public func mergeLeadingTokensBackward(
  into dx: Buffer, _ dy: Buffer, _ merge: TokenMerge, isAdding: Bool
) {
  merge.check(input: dx, output: dy)
  let (target, source) = (dx.floats, dy.floats)
  merge.forEachPair { merged, kept, pair in
    CKernels_mergePairBackward(
      target + pair, source + merged, source + kept, merge.isAverage ? 1 : 0,
      merge.isResidual ? 1 : 0, isAdding ? 1 : 0, Int64(merge.channelCount))
  }
  let (lead, all) = (merge.leadingCount * merge.channelCount, merge.inputStride)
  copyBlocks(
    into: BlockRow(dx, offset: lead, stride: all),
    from: BlockRow(dy, offset: lead + merge.outputStride - all, stride: merge.outputStride),
    blockCount: merge.batchCount, blockSize: all - lead, isAdding: isAdding)
}
