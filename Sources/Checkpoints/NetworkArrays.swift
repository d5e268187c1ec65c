public import Autodiff
public import Optimizers
public import Tensors

/// The arrays of a training state: flat, float32 and parallel to the model's arena.
///
/// They share storage with what they were made from; a `TrainingSnapshot` of them is what a background
/// thread may save while training goes on.
public struct TrainingArrays: Sendable {
  /// One of the arrays, and the file of a checkpoint that holds it.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The weights.
    case model
    /// The moving average of the weights.
    case movingAverage = "ema"
    /// The optimizer's moving averages of the gradients.
    case firstMoments = "first_moments"
    /// The optimizer's moving averages of the squared gradients.
    case secondMoments = "second_moments"

    /// The name of the file.
    public var fileName: String { rawValue + ".h5" }
  }

  private var arrays: [Kind: Tensor]

  /// Gathers the arrays; those that are nil are neither written nor read.
  public init(
    values: Tensor, movingAverage: Tensor? = nil, firstMoments: Tensor? = nil,
    secondMoments: Tensor? = nil
  ) {
    arrays = [.model: values]
    arrays[.movingAverage] = movingAverage
    arrays[.firstMoments] = firstMoments
    arrays[.secondMoments] = secondMoments
    for (kind, array) in arrays {
      precondition(
        array.count == values.count && array.elementType == .float32,
        "TrainingArrays: \(array.count) of \(array.elementType) as \(kind) beside \(values.count)")
    }
  }

  /// The arrays of an arena and of its optimizer's state.
  public init(_ arena: ParameterArena, _ state: OptimizerState) {
    precondition(
      state.range == 0..<arena.count,
      "TrainingArrays: state of \(state.range) for \(arena.count) elements")
    self.init(
      values: arena.values, movingAverage: state.movingAverage, firstMoments: state.firstMoments,
      secondMoments: state.secondMoments)
  }

  /// The kinds of array there are, in the order of their declaration.
  public var kinds: [Kind] { Kind.allCases.filter { arrays[$0] != nil } }

  /// The array of a kind; nil when it is left out.
  public subscript(kind: Kind) -> Tensor? { arrays[kind] }
}
