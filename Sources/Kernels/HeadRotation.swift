import CKernels

/// Layer norm over the width of a head, shared by all heads.
public struct HeadNormBuffers: Sendable {
  /// Gain, `[headSize]`.
  public let weight: Buffer
  /// Bias, `[headSize]`.
  public let bias: Buffer
  /// Added to the variance.
  public let epsilon: Float

  /// Groups the norm's parameters.
  public init(weight: Buffer, bias: Buffer, epsilon: Float) {
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
  }
}

/// The rotation of each token's heads: cosines and sines, `[tokens, headSize / 2]`.
public struct RotationBuffers: Sendable {
  /// Cosines.
  public let cosines: Buffer
  /// Sines.
  public let sines: Buffer
  /// Tokens of the table.
  public let tokenCount: Int

  /// Groups the table's parts.
  public init(cosines: Buffer, sines: Buffer, tokenCount: Int) {
    self.cosines = cosines
    self.sines = sines
    self.tokenCount = tokenCount
  }
}

/// y = rotate(norm(x)) for the heads of `rowCount` consecutive rows.
///
/// - Parameters:
///   - y: Result rows.
///   - x: Queries or keys.
///   - headCount: Heads of a row.
///   - headSize: Width of a head.
///   - norm: The norm before the rotation; nil without one.
///   - rotation: Angles; row r turns by those of token (firstToken + r) mod tokenCount.
///   - firstToken: Token of the first row.
///   - rowCount: Rows.
public func normalizeRotate(
  into y: HeadRows, _ x: HeadRows, headCount: Int, headSize: Int, norm: HeadNormBuffers?,
  rotation: RotationBuffers, firstToken: Int = 0, rowCount: Int
) {
  let (cosines, sines) = (rotation.cosines.floats, rotation.sines.floats)
  parallelFor(rowCount, grain: rowGrain(headCount * headSize)) { range in
    CKernels_normalizeRotate(
      y.start(sample: 0, row: range.lowerBound, column: 0), Int64(y.stride),
      x.start(sample: 0, row: range.lowerBound, column: 0), Int64(x.stride),
      heads(headCount, headSize, norm), cosines, sines, Int64(firstToken + range.lowerBound),
      Int64(rotation.tokenCount), Int64(range.count))
  }
}

/// The gradients of `normalizeRotate` over rows that begin with token 0.
///
/// - Parameters:
///   - dx: Gradient of the queries or keys.
///   - parameters: Gradients of the norm's gain and bias, with whether they are added to; nil
///     without a norm.
///   - dy: Gradient of the result.
///   - x: Queries or keys.
///   - headCount: Heads of a row.
///   - headSize: Width of a head.
///   - norm: The norm; nil without one.
///   - rotation: Angles.
///   - rowCount: Rows.
public func normalizeRotateGradient(
  into dx: HeadRows, parameters: (weight: Buffer, bias: Buffer, isAdding: (Bool, Bool))?,
  _ dy: HeadRows, _ x: HeadRows, headCount: Int, headSize: Int, norm: HeadNormBuffers?,
  rotation: RotationBuffers, rowCount: Int
) {
  let (cosines, sines) = (rotation.cosines.floats, rotation.sines.floats)
  let shares = ChunkShares(rowCount: rowCount, chunkSize: 64, width: 3 * headSize)
  shares.compute { share, range in
    CKernels_normalizeRotateGradient(
      dx.start(sample: 0, row: range.lowerBound, column: 0), Int64(dx.stride), share,
      share + headSize, dy.start(sample: 0, row: range.lowerBound, column: 0), Int64(dy.stride),
      x.start(sample: 0, row: range.lowerBound, column: 0), Int64(x.stride),
      heads(headCount, headSize, norm), cosines, sines, Int64(range.lowerBound),
      Int64(rotation.tokenCount), Int64(range.count), share + 2 * headSize)
  }
  guard let parameters else { return }
  shares.add(into: parameters.weight, from: 0, isAdding: parameters.isAdding.0)
  shares.add(into: parameters.bias, from: headSize, isAdding: parameters.isAdding.1)
}

private func heads(_ headCount: Int, _ headSize: Int, _ norm: HeadNormBuffers?) -> CKernelsHeads {
  CKernelsHeads(
    headCount: Int64(headCount), headSize: Int64(headSize),
    weight: norm.map { UnsafePointer($0.weight.floats) },
    bias: norm.map { UnsafePointer($0.bias.floats) }, epsilon: norm?.epsilon ?? 0)
}
