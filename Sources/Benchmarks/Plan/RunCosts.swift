import Autodiff
import Configurations
import DataParallel
import HierarchicalGenerator
import ResidualTokenizer

/// What a run costs by counting: everything that needs no measurement.
struct RunCosts {
  /// The parts of a step, the model first.
  let parts: [PartCost]
  /// Bytes of weights, gradients, moments and averages of all trained networks, with the copies for products,
  /// and of the frozen networks.
  let stateByteCount: Int
  /// Bytes of a checkpoint's arrays.
  let checkpointByteCount: Int
  /// Trained weights of all networks.
  let trainedWeightCount: Int

  init(_ configuration: AnyRunConfiguration) throws(ConfigurationError) {
    let model = Self.model(configuration)
    switch configuration {
    case .tokenizer(let configuration):
      let others = try RecipeCosts(configuration).parts()
      parts = [model] + others
    case .generator: parts = [model]
    }
    let precision = configuration.training.precision
    let trained = parts.filter { $0.frozenByteCount == nil }.map(\.weightCount)
    trainedWeightCount = trained.reduce(0, +)
    // Values, gradients and two moments of each network, the moving average of the first, 4 bytes each.
    let floats = 4 * trainedWeightCount + model.weightCount
    let operands = precision == .bfloat16 ? 2 * trainedWeightCount : 0
    stateByteCount =
      4 * floats + operands + parts.reduce(0) { $0 + ($1.frozenByteCount ?? 0) }
    checkpointByteCount = 4 * (3 * trainedWeightCount + model.weightCount)
  }

  private static func model(_ configuration: AnyRunConfiguration) -> PartCost {
    let arena = ParameterArena()
    let scope = ParameterScope(arena)
    let (name, operationCount): (String, Int)
    switch configuration {
    case .tokenizer(let configuration):
      _ = ResTok(configuration.model, in: scope)
      (name, operationCount) = ("tokenizer", configuration.model.stepOperationCount)
    case .generator(let configuration):
      _ = Generator(configuration.model, in: scope)
      (name, operationCount) = ("generator", configuration.model.stepOperationCount)
    }
    return PartCost(
      name: name, weightCount: arena.elementCount, frozenByteCount: nil,
      operationCount: operationCount)
  }

  /// Operations for a sample in a step.
  var operationCount: Int { parts.reduce(0) { $0 + $1.operationCount } }

  /// Bytes that a rank sends in a step: its part of the sums on the way down the tree, and up again.
  func exchangedByteCount(rankCount: Int, wire: WireFormat) -> Int {
    let share = Double(rankCount - 1) / Double(rankCount)
    return Int(share * Double(trainedWeightCount) * (4 + (wire == .bfloat16 ? 2 : 4)))
  }
}
