import CKernels
import Foundation

/// The entropy loss of soft assignments to codes: its value, and what its gradient needs.
///
/// With p = softmax(scale · z·c) over the codes: mean over rows of H(p), minus H of the mean p.
/// The M×K probabilities are computed afresh in the backward pass and never stored.
package struct AssignmentEntropy {
  /// The loss.
  package let value: Double

  private let codes: Buffer
  private let z: Buffer
  /// Largest score, logarithm of the sum of exponentials, and entropy of each row, `[M, 3]`.
  private let statistics: Buffer
  /// The derivative of Σ m·log(m + ε) at the mean assignment m, `[K]`.
  private let slopes: Buffer
  private let scale: Float
  private let sizes: Sizes

  /// Computes the loss of `z`, `[M, width]`, for `codes`, `[K, width]`.
  package init(_ z: Buffer, codes: Buffer, width: Int, scale: Float, epsilon: Double = 1e-9) {
    precondition(
      width > 0 && z.count % width == 0 && codes.count % width == 0 && z.count * codes.count > 0,
      "AssignmentEntropy: \(z.count) and \(codes.count) elements are no rows of \(width)")
    let sizes = Sizes(rowCount: z.count / width, codeCount: codes.count / width, width: width)
    let statistics = Buffer(.float32, count: sizes.rowCount * 3)
    let mean = Self.meanAssignment(statistics, z, codes, scale, sizes)
    var total = 0.0
    let rowStatistics = statistics.floats
    for row in 0..<sizes.rowCount { total += Double(rowStatistics[3 * row + 2]) }
    total /= Double(sizes.rowCount)
    slopes = Buffer(.float32, count: sizes.codeCount)
    for (code, m) in mean.enumerated() {
      let logarithm = log(m + epsilon)
      total += m * logarithm
      slopes.floats[code] = Float(logarithm + m / (m + epsilon))
    }
    value = total
    (self.z, self.codes, self.statistics) = (z, codes, statistics)
    (self.scale, self.sizes) = (scale, sizes)
  }

  /// Fills `statistics` and returns the mean of p over the rows.
  private static func meanAssignment(
    _ statistics: Buffer, _ z: Buffer, _ codes: Buffer, _ scale: Float, _ sizes: Sizes
  ) -> [Double] {
    let packed = packedCodes(codes, width: sizes.width)
    let sums = Buffer(.float32, count: sizes.chunkCount * sizes.codeCount)
    parallelChunks(sizes.rowCount, chunkSize: sizes.chunkSize) { chunk, rows in
      let scratch = Buffer(.float32, count: 4 * sizes.paddedCodeCount)
      withExtendedLifetime((packed, scratch)) {
        CKernels_assignmentEntropy(
          statistics.floats + 3 * rows.lowerBound, sums.floats + chunk * sizes.codeCount,
          scratch.floats, z.floats + rows.lowerBound * sizes.width, packed.floats, scale,
          Int64(rows.count), Int64(sizes.codeCount), Int64(sizes.width))
      }
    }
    return withExtendedLifetime(sums) {
      let parts = sums.floats
      return (0..<sizes.codeCount).map { code in
        var sum = 0.0
        for chunk in 0..<sizes.chunkCount { sum += Double(parts[chunk * sizes.codeCount + code]) }
        return sum / Double(sizes.rowCount)
      }
    }
  }

  /// Writes the gradient of `factor · value` with respect to `z`, and returns the codes'.
  package func backward(into dz: Buffer, factor: Float) -> CodeGradient {
    precondition(
      dz.count == z.count, "AssignmentEntropy: gradient of \(dz.count) for \(z.count) elements")
    let packed = packedCodes(codes, width: sizes.width)
    let partSize = sizes.paddedCodeCount * sizes.width
    let parts = Buffer(.float32, count: sizes.chunkCount * partSize)
    parallelChunks(sizes.rowCount, chunkSize: sizes.chunkSize) { chunk, rows in
      let scratch = Buffer(.float32, count: 5 * sizes.paddedCodeCount)
      let start = rows.lowerBound * sizes.width
      withExtendedLifetime((packed, scratch)) {
        CKernels_assignmentEntropyBackward(
          dz.floats + start, parts.floats + chunk * partSize, scratch.floats, z.floats + start,
          packed.floats, statistics.floats + 3 * rows.lowerBound, slopes.floats, scale,
          factor / Float(sizes.rowCount), Int64(rows.count), Int64(sizes.codeCount),
          Int64(sizes.width))
      }
    }
    return CodeGradient(parts: parts, scale: scale, sizes: sizes)
  }

  /// The gradient with respect to the codes, by chunk of rows.
  package struct CodeGradient {
    fileprivate let parts: Buffer
    fileprivate let scale: Float
    fileprivate let sizes: Sizes

    /// Writes the gradient, `[K, width]`, or adds it.
    package func write(into dcodes: Buffer, isAdding: Bool) {
      precondition(
        dcodes.count == sizes.codeCount * sizes.width,
        "AssignmentEntropy: gradient of \(dcodes.count) for \(sizes.codeCount) codes")
      let blockSize = codesPerBlock * sizes.width
      let partSize = sizes.paddedCodeCount * sizes.width
      parallelFor(sizes.paddedCodeCount / codesPerBlock, grain: 64) { blocks in
        let codeEnd = min(sizes.codeCount, blocks.upperBound * codesPerBlock)
        CKernels_sumCodeBlocks(
          dcodes.floats + blocks.lowerBound * blockSize,
          parts.floats + blocks.lowerBound * blockSize, scale, isAdding ? 1 : 0,
          Int64(sizes.chunkCount), Int64(partSize),
          Int64(codeEnd - blocks.lowerBound * codesPerBlock), Int64(sizes.width))
      }
    }
  }

  /// Sizes and the split of rows into chunks, which depends on them alone.
  fileprivate struct Sizes {
    let rowCount: Int
    let codeCount: Int
    let width: Int

    /// At most 16 chunks, since each keeps a gradient of the whole codebook.
    var chunkSize: Int { max(32, (rowCount + 15) / 16) }
    var chunkCount: Int { (rowCount + chunkSize - 1) / chunkSize }
    var paddedCodeCount: Int { (codeCount + codesPerBlock - 1) / codesPerBlock * codesPerBlock }
  }
}
