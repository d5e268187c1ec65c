import Kernels
import Tensors

extension ParameterArena {
  /// Draws the values of a new model, every parameter by its initialiser.
  ///
  /// The stream of a parameter is named by the seed and the parameter's published name, so that its
  /// values do not depend on the order in which layers are constructed.
  ///
  /// - Parameters:
  ///   - seed: The seed of the run.
  ///   - network: A name that goes into the streams too, so that parameters of one name in two networks
  ///     are drawn apart; nil for streams of the parameters' names alone.
  /// - Precondition: The arena is allocated.
  public func initialize(seed: UInt64, network: String? = nil) {
    precondition(isAllocated, "ParameterArena: initialize(seed:) before allocate()")
    let streams = RandomKey(seed: seed, purpose: .initialisation)
    let root = network.map(streams.child(named:)) ?? streams
    for parameter in parameters {
      let key = root.child(named: parameter.name)
      let value =
        parameter.isOperandAlone ? Tensor(uninitialized: parameter.shape) : parameter.value
      switch parameter.initializer {
      case .constant(let constant): fill(value.buffer, with: constant)
      case .normal(let standardDeviation):
        value.fillNormal(standardDeviation: standardDeviation, key: key)
      case .truncatedNormal(let standardDeviation):
        value.fillTruncatedNormal(standardDeviation: standardDeviation, key: key)
      case .uniform(let bound): value.fillUniform(low: -bound, high: bound, key: key)
      case .unitVector: value.fillUnitVector(key: key)
      }
      if parameter.isOperandAlone { parameter.assign(value) }
    }
    refreshOperands()
  }
}
