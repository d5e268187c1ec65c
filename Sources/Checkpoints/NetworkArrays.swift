public import Autodiff
public import Optimizers
public import Tensors

/// What a checkpoint holds of one network: flat float32 arrays with the layouts of what is in them.
///
/// They share storage with what they were made from; a `TrainingSnapshot` of them is what a background
/// thread may save while training goes on.
public struct NetworkArrays: Sendable {
  /// One of the arrays.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The weights.
    case model
    /// The moving average of the weights.
    case movingAverage = "ema"
    /// The optimizer's moving averages of the gradients.
    case firstMoments = "first_moments"
    /// The optimizer's moving averages of the squared gradients.
    case secondMoments = "second_moments"
    /// State that is no parameter: vectors of spectral norms, running means.
    case buffers

    /// The file that holds this array of a network: `NETWORK.ARRAY.h5`.
    public func fileName(ofNetwork name: String) -> String { "\(name).\(rawValue).h5" }
  }

  /// The network's name.
  public let name: String
  /// The optimizer's steps done.
  public let stepCount: Int
  private let parameterLayouts: [ParameterLayout]
  private let bufferLayouts: [ParameterLayout]
  private var arrays: [Kind: Tensor]

  /// Gathers the arrays of a network; those that are nil are neither written nor read.
  ///
  /// - Parameters:
  ///   - name: The network's name, the first part of its files' names.
  ///   - stepCount: The optimizer's steps done.
  ///   - arena: The parameters, and the weights' array.
  ///   - movingAverage: Moving average of the weights, parallel to the arena.
  ///   - firstMoments: Parallel to the arena.
  ///   - secondMoments: Parallel to the arena.
  ///   - buffers: State that is no parameter; an arena without gradients.
  public init(
    name: String, stepCount: Int = 0, arena: ParameterArena, movingAverage: Tensor? = nil,
    firstMoments: Tensor? = nil, secondMoments: Tensor? = nil, buffers: ParameterArena? = nil
  ) {
    self.name = name
    self.stepCount = stepCount
    parameterLayouts = ParameterLayout.layouts(of: arena)
    bufferLayouts = buffers.map { ParameterLayout.layouts(of: $0) } ?? []
    arrays = [.model: arena.values]
    arrays[.movingAverage] = movingAverage
    arrays[.firstMoments] = firstMoments
    arrays[.secondMoments] = secondMoments
    for (kind, array) in arrays {
      precondition(
        array.count == arena.count && array.elementType == .float32,
        "NetworkArrays: \(array.count) of \(array.elementType) as \(kind) beside \(arena.count)")
    }
    if let buffers, buffers.count > 0 { arrays[.buffers] = buffers.values }
  }

  /// The arrays of an arena, of its optimizer's state and of its buffers.
  public init(
    name: String, _ arena: ParameterArena, _ state: OptimizerState,
    buffers: ParameterArena? = nil
  ) {
    precondition(
      state.range == 0..<arena.count,
      "NetworkArrays: state of \(state.range) for \(arena.count) elements")
    self.init(
      name: name, stepCount: state.stepCount, arena: arena, movingAverage: state.movingAverage,
      firstMoments: state.firstMoments, secondMoments: state.secondMoments, buffers: buffers)
  }

  /// The kinds of array there are, in the order of their declaration.
  public var kinds: [Kind] { Kind.allCases.filter { arrays[$0] != nil } }

  /// The array of a kind; nil when it is left out.
  public subscript(kind: Kind) -> Tensor? { arrays[kind] }

  /// What stands where in the array of a kind.
  public func layouts(of kind: Kind) -> [ParameterLayout] {
    kind == .buffers ? bufferLayouts : parameterLayouts
  }

  /// The bytes of all arrays, without gaps.
  public var byteCount: Int {
    let counts = kinds.map { layouts(of: $0).reduce(0) { $0 + $1.range.count } }
    return counts.reduce(0, +) * MemoryLayout<Float>.stride
  }
}
