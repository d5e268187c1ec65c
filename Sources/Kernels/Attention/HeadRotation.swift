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
    precondition(
      weight.count == bias.count,
      "HeadNormBuffers: \(weight.count) gains, \(bias.count) biases")
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
  }
}

/// Which channels of a head form the pairs that a rotation turns.
public enum RotaryPairing: Sendable, Equatable, CaseIterable {
  /// Channels 2j and 2j + 1.
  case adjacent
  /// Channels j and j + headSize / 2.
  case halves
}

/// The rotation of each token's heads: cosines and sines, `[tokens, headSize / 2]`.
public struct RotationBuffers: Sendable {
  /// Cosines.
  public let cosines: Buffer
  /// Sines.
  public let sines: Buffer
  /// Tokens of the table.
  public let tokenCount: Int
  /// The channels that turn together.
  public let pairing: RotaryPairing

  /// Groups the table's parts.
  public init(
    cosines: Buffer, sines: Buffer, tokenCount: Int, pairing: RotaryPairing = .adjacent
  ) {
    precondition(
      cosines.count == sines.count,
      "RotationBuffers: \(cosines.count) cosines, \(sines.count) sines")
    self.cosines = cosines
    self.sines = sines
    self.tokenCount = tokenCount
    self.pairing = pairing
  }

  /// Whether the table has `tokenCount` tokens and more, for heads of `headSize` channels.
  func covers(_ tokenCount: Int, headSize: Int) -> Bool {
    tokenCount <= self.tokenCount && 2 * cosines.count == self.tokenCount * headSize
  }
}

/// Rows of one head in memory.
struct HeadRows {
  /// The first element of the first row.
  let start: UnsafeMutablePointer<Float>
  /// Elements from one row to the next.
  let stride: Int

  /// The rows from `row` on.
  func from(_ row: Int) -> HeadRows { HeadRows(start: start + row * stride, stride: stride) }

  /// Writes other rows.
  func copy(_ rows: HeadRows, rowCount: Int, columnCount: Int) {
    for row in 0..<rowCount {
      from(row).start.update(from: rows.from(row).start, count: columnCount)
    }
  }

  /// The rows as a factor of a product.
  func factor(isTransposed: Bool = false) -> ProductFactor {
    ProductFactor(start, stride: stride, isTransposed: isTransposed)
  }
}

/// The step from a projection to queries or keys: y = rotate(norm(x))·factor.
struct HeadRotation {
  private let norm: CKernelsHeadNorm
  private let rotation: RotationBuffers?
  private let factor: Float
  private let headSize: Int

  /// The buffers must outlive the step; without a norm or a rotation it leaves that part out.
  init(norm: HeadNormBuffers?, rotation: RotationBuffers?, factor: Float, headSize: Int) {
    precondition(
      norm.map { $0.weight.count == headSize } ?? true,
      "HeadRotation: norm of \(norm?.weight.count ?? 0) channels for heads of \(headSize)")
    self.norm = CKernelsHeadNorm(
      weight: norm.map { UnsafePointer($0.weight.floats) },
      bias: norm.map { UnsafePointer($0.bias.floats) }, epsilon: norm?.epsilon ?? 0)
    self.rotation = rotation
    self.factor = factor
    self.headSize = headSize
  }

  /// The turns of the tokens from `token` on.
  private func turn(from token: Int) -> CKernelsHeadTurn {
    guard let rotation else {
      return CKernelsHeadTurn(pairs: CKernelsNoPairs, cosines: nil, sines: nil)
    }
    let angle = token * headSize / 2
    return CKernelsHeadTurn(
      pairs: rotation.pairing == .adjacent ? CKernelsAdjacentPairs : CKernelsHalfPairs,
      cosines: rotation.cosines.floats + angle, sines: rotation.sines.floats + angle)
  }

  /// The rows of the tokens from `token` on.
  func apply(into y: HeadRows, _ x: HeadRows, token: Int, rowCount: Int) {
    CKernels_rotateHead(
      y.start, Int64(y.stride), x.start, Int64(x.stride), norm, turn(from: token), factor,
      Int64(rowCount), Int64(headSize))
  }

  /// The gradient of `apply`: dx from dy, whose rows are used up.
  ///
  /// - Parameters:
  ///   - dx: Gradient of x.
  ///   - share: Added to: gradients of the norm's gain and bias one after the other.
  ///   - dy: Gradient of y.
  ///   - x: What was rotated.
  ///   - token: Token of the first row.
  ///   - rowCount: Rows.
  func pullBack(
    into dx: HeadRows, share: UnsafeMutablePointer<Float>, _ dy: HeadRows, _ x: HeadRows,
    token: Int, rowCount: Int
  ) {
    CKernels_rotateHeadGradient(
      dx.start, Int64(dx.stride), share, share + headSize, dy.start, Int64(dy.stride), x.start,
      Int64(x.stride), norm, turn(from: token), factor, Int64(rowCount), Int64(headSize))
  }
}
