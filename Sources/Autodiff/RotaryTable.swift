import Foundation
import Kernels
import Tensors

/// Cosines and sines that rotate pairs of a head's channels.
///
/// Consecutive channels (2j, 2j + 1) form a pair: (a, b) → (a·cos − b·sin, a·sin + b·cos).
/// Source: Docs/Method.md, section 3 (rotary positions).
public struct RotaryTable: Sendable {
  /// Tokens of the table.
  public let tokenCount: Int
  /// Pairs of a head.
  public let pairCount: Int
  let cosines: Tensor
  let sines: Tensor

  /// Creates a table from angles `[tokenCount, pairCount]` in radians.
  public init(angles: [Double], tokenCount: Int, pairCount: Int) {
    precondition(
      angles.count == tokenCount * pairCount,
      "RotaryTable: \(angles.count) angles for \(tokenCount) tokens of \(pairCount) pairs")
    self.tokenCount = tokenCount
    self.pairCount = pairCount
    cosines = Tensor(angles.map { Float(cos($0)) }, shape: [tokenCount, pairCount])
    sines = Tensor(angles.map { Float(sin($0)) }, shape: [tokenCount, pairCount])
  }

  var buffers: RotationBuffers {
    RotationBuffers(cosines: cosines.buffer, sines: sines.buffer, tokenCount: tokenCount)
  }
}
