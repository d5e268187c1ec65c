import CKernels

/// Elements of one partial sum of a loss.
private let lossChunkSize = 16_384

/// The sum of what `partialSum` gives for the chunks of `0..<count`, in their order.
private func sumOfChunks(_ count: Int, _ partialSum: (Range<Int>) -> Double) -> Double {
  let chunkCount = (count + lossChunkSize - 1) / lossChunkSize
  return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, chunkCount)) { parts in
    parts.initialize(repeating: 0)
    let partial = parts.baseAddress
    parallelChunks(count, chunkSize: lossChunkSize) { chunk, range in
      partial?[chunk] = partialSum(range)
    }
    return parts.reduce(0, +)
  }
}

/// Σ x, in double precision by fixed chunks.
package func sum(of x: Buffer) -> Double {
  let source = x.floats
  return sumOfChunks(x.count) { CKernels_sum(source + $0.lowerBound, Int64($0.count)) }
}

/// Σ max(0, 1 − sign·x), in double precision by fixed chunks.
package func hinge(_ x: Buffer, sign: Float) -> Double {
  let source = x.floats
  return sumOfChunks(x.count) { CKernels_hinge(source + $0.lowerBound, sign, Int64($0.count)) }
}

/// The gradient of `factor` · `hinge`, written or added; 0 where 1 = sign·x.
package func hingeGradient(
  into dx: Buffer, isAdding: Bool, _ x: Buffer, sign: Float, factor: Float
) {
  precondition(dx.count == x.count, "hingeGradient: counts \(dx.count) and \(x.count) differ")
  let (result, source) = (dx.floats, x.floats)
  parallelFor(x.count, grain: elementGrain) { range in
    CKernels_hingeBackward(
      result + range.lowerBound, source + range.lowerBound, sign, factor, isAdding ? 1 : 0,
      Int64(range.count))
  }
}

/// Σ (x − target)², in double precision by fixed chunks.
package func squaredError(_ x: Buffer, _ target: Buffer) -> Double {
  precondition(
    x.count == target.count, "squaredError: counts \(x.count) and \(target.count) differ")
  let (left, right) = (x.floats, target.floats)
  return sumOfChunks(x.count) {
    CKernels_squaredError(left + $0.lowerBound, right + $0.lowerBound, Int64($0.count))
  }
}

/// d = factor · (x − target), or that added to `d`.
package func scaledDifference(
  into d: Buffer, isAdding: Bool, _ x: Buffer, _ target: Buffer, factor: Float
) {
  precondition(
    d.count == x.count && x.count == target.count,
    "scaledDifference: counts \(d.count), \(x.count), \(target.count) differ")
  let (result, left, right) = (d.floats, x.floats, target.floats)
  parallelFor(d.count, grain: elementGrain) { range in
    CKernels_scaledDifference(
      result + range.lowerBound, left + range.lowerBound, right + range.lowerBound, factor,
      isAdding ? 1 : 0, Int64(range.count))
  }
}

/// The cross-entropy of rows of logits with one target a row, without storing probabilities.
package struct CrossEntropy {
  /// Σ over rows of −log softmax(logits)[target].
  package let total: Double
  /// Rows whose target has the largest logit, the first one on ties.
  package let correctCount: Int

  private let logits: Buffer
  private let targets: Buffer
  /// Largest logit and logarithm of the sum of exponentials of each row, `[rows, 2]`.
  private let statistics: Buffer
  private let vocabularySize: Int

  /// Computes the loss of `logits`, `[rows, vocabularySize]`, for int32 `targets`, `[rows]`.
  package init(_ logits: Buffer, targets: Buffer, vocabularySize: Int) {
    precondition(
      vocabularySize > 0 && logits.count == targets.count * vocabularySize,
      "CrossEntropy: \(logits.count) logits for \(targets.count) targets of \(vocabularySize)")
    let (source, wanted) = (logits.floats, targets.integers)
    for row in 0..<targets.count {
      precondition(
        wanted[row] >= 0 && wanted[row] < vocabularySize,
        "CrossEntropy: target \(wanted[row]) is outside 0..<\(vocabularySize)")
    }
    let rowCount = targets.count
    let statistics = Buffer(.float32, count: rowCount * 2)
    let (rowTotal, rowCorrect) = withUnsafeTemporaryAllocation(of: Double.self, capacity: rowCount)
    {
      losses in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: rowCount) { correct in
        losses.initialize(repeating: 0)
        correct.initialize(repeating: 0)
        let (lossStart, correctStart) = (losses.baseAddress, correct.baseAddress)
        parallelFor(rowCount, grain: Self.rowGrain(vocabularySize)) { rows in
          guard let lossStart, let correctStart else { return }
          CKernels_crossEntropy(
            lossStart + rows.lowerBound, correctStart + rows.lowerBound,
            statistics.floats + 2 * rows.lowerBound, source + rows.lowerBound * vocabularySize,
            wanted + rows.lowerBound, Int64(rows.count), Int64(vocabularySize))
        }
        return (losses.reduce(0, +), correct.reduce(0) { $0 + Int($1) })
      }
    }
    (total, correctCount) = (rowTotal, rowCorrect)
    (self.logits, self.targets, self.statistics) = (logits, targets, statistics)
    self.vocabularySize = vocabularySize
  }

  /// The gradient of `factor · total` with respect to the logits, written or added.
  package func backward(into dlogits: Buffer, isAdding: Bool, factor: Float) {
    precondition(
      dlogits.count == logits.count,
      "CrossEntropy: gradient of \(dlogits.count) for \(logits.count) logits")
    let (gradient, source, wanted) = (dlogits.floats, logits.floats, targets.integers)
    parallelFor(targets.count, grain: Self.rowGrain(vocabularySize)) { rows in
      let start = rows.lowerBound * vocabularySize
      CKernels_crossEntropyBackward(
        gradient + start, source + start, wanted + rows.lowerBound,
        statistics.floats + 2 * rows.lowerBound, factor, isAdding ? 1 : 0, Int64(rows.count),
        Int64(vocabularySize))
    }
  }

  private static func rowGrain(_ vocabularySize: Int) -> Int {
    max(1, elementGrain / vocabularySize)
  }
}
