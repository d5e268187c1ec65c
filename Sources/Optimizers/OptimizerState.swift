public import Autodiff
public import Tensors

/// What the optimizer remembers between steps, as arrays parallel to a parameter arena.
///
/// The tensors are written in place by `AdamW.step`; gaps of the arena are zero and stay zero.
public struct OptimizerState: Sendable {
  /// The elements of the arena that the state belongs to: all, or one rank's share.
  public let range: Range<Int>
  /// Moving averages of the gradients, `[range.count]`.
  public let firstMoments: Tensor
  /// Moving averages of the squared gradients, `[range.count]`.
  public let secondMoments: Tensor
  /// Moving average of the values, `[range.count]`; nil for a network that has none.
  public let movingAverage: Tensor?
  /// Steps done.
  public var stepCount = 0

  /// The state before the first step: moments zero, the moving average a copy of the values.
  ///
  /// - Parameters:
  ///   - arena: Allocated.
  ///   - range: The elements to keep state for; all when nil.
  ///   - keepsAverage: Whether there is a moving average.
  public init(for arena: ParameterArena, range: Range<Int>? = nil, keepsAverage: Bool = true) {
    precondition(arena.isAllocated, "OptimizerState: the arena is not allocated")
    let range = range ?? 0..<arena.count
    precondition(
      range.lowerBound >= 0 && range.upperBound <= arena.count,
      "OptimizerState: \(range) of \(arena.count) elements")
    self.range = range
    firstMoments = Tensor(repeating: 0, shape: [range.count])
    secondMoments = Tensor(repeating: 0, shape: [range.count])
    movingAverage = keepsAverage ? Tensor(uninitialized: [range.count]) : nil
    movingAverage?.buffer.copy(from: arena.values.buffer[range])
  }
}
