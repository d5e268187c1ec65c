package import Autodiff
package import Checkpoints
import DataParallel
import Inference
package import Kernels
import MessagePassing
package import Optimizers
import Tensors

/// A named model that a run trains, with everything that belongs to its training: weights, buffers,
/// optimizer, schedule, and the moving average if it has one.
///
/// A run has one or more. A network that begins at a later step takes no memory before.
package final class Network {
  /// How a network is trained.
  package struct Settings: Sendable, Equatable {
    /// The optimizer's settings, clipping and the moving average's decay among them.
    package var optimizer: AdamW.Configuration
    /// The learning rate, by steps since the network's first one.
    package var learningRates: LearningRateSchedule
    /// Whether there is a moving average of the weights.
    package var keepsAverage = true
    /// The step of the run in which the network is trained for the first time.
    package var firstStep = 0

    /// Gathers the settings.
    package init(
      optimizer: AdamW.Configuration, learningRates: LearningRateSchedule,
      keepsAverage: Bool = true, firstStep: Int = 0
    ) {
      self.optimizer = optimizer
      self.learningRates = learningRates
      self.keepsAverage = keepsAverage
      self.firstStep = firstStep
    }
  }

  /// The name: the first part of its files' names in checkpoints, and of its figures in the metrics
  /// where the run has several networks.
  package let name: String
  /// How it is trained.
  package let settings: Settings
  /// The parameters.
  package let arena = ParameterArena()
  /// State that is no parameter: vectors of spectral norms, running means.
  ///
  /// It advances a fixed number of times a step, on every rank alike; it is part of checkpoints and of
  /// the replica's digest.
  package let buffers = ParameterArena()

  /// What exists once the network is trained.
  private struct Optimization {
    let optimizer: AdamW
    var state: OptimizerState
  }
  private var optimization: Optimization?

  /// Names a network without parameters; whoever makes the model adds them to `arena`, before
  /// `allocate`.
  package init(name: String, settings: Settings) {
    self.name = name
    self.settings = settings
  }

  /// Whether the network is trained in a step of the run.
  package func isTrained(in step: Int) -> Bool { step >= settings.firstStep }

  /// Whether the arrays exist.
  package var isAllocated: Bool { optimization != nil }

  /// Closes the layout and makes all arrays: weights and moments zero, buffers as initialised.
  package func allocate(
    operandType: ElementType, convolutions: ConvolutionArithmetic = .accurate
  ) {
    arena.allocate(forTraining: true, operandType: operandType, convolutions: convolutions)
    buffers.allocate(forTraining: false)
    optimization = Optimization(
      optimizer: AdamW(settings.optimizer, for: arena),
      state: OptimizerState(for: arena, keepsAverage: settings.keepsAverage))
  }

  /// Draws the weights and buffers of a new network; the moving average begins with the weights.
  ///
  /// Networks that runs are named for draw by their parameters' names alone, the others by their own
  /// name too.
  ///
  /// - Parameter seed: The seed of the run.
  package func initialize(seed: UInt64) {
    let stream = RunKind(rawValue: name) == nil ? name : nil
    arena.initialize(seed: seed, network: stream)
    buffers.initialize(seed: seed, network: stream)
    beginAverage()
  }

  /// Copies the weights into the moving average.
  package func beginAverage() {
    state.movingAverage?.buffer.copy(from: arena.values.buffer)
  }

  /// The optimizer's moments, moving average and steps done.
  package var state: OptimizerState {
    guard let optimization else { preconditionFailure("Network: \(name) is not allocated") }
    return optimization.state
  }

  /// The learning rate in a step of the run.
  package func learningRate(in step: Int) -> Double {
    settings.learningRates.rate(at: step - settings.firstStep)
  }

  /// Moves the weights by one step along the gradients, clipped by their norm.
  package func update(rate: Double, gradientNorm: Double) {
    guard var optimization else { preconditionFailure("Network: \(name) is not allocated") }
    optimization.optimizer.step(
      arena, state: &optimization.state, rate: rate,
      gradientFactor: settings.optimizer.clipFactor(gradientNorm: gradientNorm))
    self.optimization = optimization
  }

  /// Goes on after `stepCount` steps of the optimizer; the arrays have been read.
  package func resume(afterSteps stepCount: Int) {
    optimization?.state.stepCount = stepCount
    arena.refreshOperands()
  }

  /// What a checkpoint holds of the network; shares storage with it.
  package var arrays: NetworkArrays {
    NetworkArrays(name: name, arena, state, buffers: buffers)
  }

  /// Checks that every element of every array is a number.
  ///
  /// - Throws: `TrainingError.notFiniteState` naming the first array that is not.
  func requireFinite(step: Int) throws {
    let arrays = arrays
    for kind in arrays.kinds {
      if let array = arrays[kind], !array.isFinite {
        throw TrainingError.notFiniteState(step: step, network: name, array: kind.rawValue)
      }
    }
  }

  /// The digests of weights, moving average, moments and buffers.
  var digests: [UInt64] {
    let arrays = arrays
    return arrays.kinds.compactMap { arrays[$0].map { digest(of: $0.buffer) } }
  }

  /// Runs `body` with the moving average in the weights' place, where there is one.
  package func withAverage<Result>(_ body: () throws -> Result) rethrows -> Result {
    guard let average = state.movingAverage else { return try body() }
    return try arena.withValues(average, body)
  }
}

/// The digests of a replica: what ranks compare, and what checkpoints record.
package struct ReplicaDigests: Sendable, Equatable {
  /// Of the weights of the network that the run is named for.
  package let weights: UInt64
  /// Of all arrays of all networks that have any: weights, moments, moving averages, buffers.
  package let state: UInt64

  /// Reads all arrays once.
  package init(of networks: [Network]) {
    let digests = networks.filter(\.isAllocated).map(\.digests)
    weights = digests[0][0]
    state = digest(of: digests.flatMap { $0 })
  }
}
