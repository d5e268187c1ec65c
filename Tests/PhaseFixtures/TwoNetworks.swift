import Autodiff
package import Configurations
package import DataParallel
package import ImageFiles
import Tensors
import TestSupport
package import Training

/// Two small networks that are trained one after the other in each step, as a tokenizer and its
/// discriminator are: the second begins later, reads what the lane left, and has buffers.
package final class TwoNetworks: TrainingTask {
  /// Rows of numbers, and what the first phase makes of them.
  package struct Lane {
    let input: Tensor
    var left: Tensor?
  }

  static let size = 6
  package let first: Network
  package let second: Network
  private let weights: (first: Parameter, second: Parameter)
  private let sampleCount: Int
  package private(set) var beginCount = 0
  package private(set) var endCount = 0
  package private(set) var laneSteps: [Int] = []

  package init(_ settings: TrainingSettings, start: Int) {
    sampleCount = settings.batch.sampleCount
    let optimizer = Network.Settings(
      optimizer: .init(gradientNormLimit: 1),
      learningRates: .constant(base: 0.01, warmupStepCount: 0)
    )
    first = Network(name: "first", settings: optimizer)
    var later = optimizer
    later.keepsAverage = false
    later.firstStep = start
    later.learningRates = .constant(base: 0.02, warmupStepCount: 2)
    second = Network(name: "second", settings: later)
    let matrix = [Self.size, Self.size]
    weights = (
      ParameterScope(first.arena).parameter("weight", matrix, .normal(standardDeviation: 0.5)),
      ParameterScope(second.arena).parameter("map", matrix, .normal(standardDeviation: 0.5))
    )
    _ = ParameterScope(second.buffers).parameter("mean", [1], .constant(0))
    _ = ParameterScope(second.buffers).parameter("passes", [1], .constant(0))
  }

  package var phases: [TrainingPhase<Lane>] {
    [
      TrainingPhase(training: first) { [self] lane, place, tape in
        let y = linear(Variable(constant: lane.input, on: tape), weight: tape[weights.first])
        lane.left = y.value
        // Looks through the second network, once it has begun.
        let seen = second.isTrained(in: place.step) ? linear(y, weight: tape[weights.second]) : y
        return result(seen, target: 1, "first_error", tape)
      },
      TrainingPhase(
        training: second,
        begin: { [self] _ in
          beginCount += 1
          guard let passes = second.buffers["passes"]?.value else { return }
          passes.buffer.copy(from: [passes.array(of: Float.self)[0] + 1])
        },
        end: { [self] agreement, _ in
          endCount += 1
          second.buffers["mean"]?.value.buffer.copy(from: [Float(agreement.lossSum)])
        }
      ) { [self] lane, place, tape in
        laneSteps.append(place.step)
        guard let left = lane.left else { preconditionFailure("nothing was left") }
        let y = linear(Variable(constant: left, on: tape), weight: tape[weights.second])
        return result(y, target: -1, "second_error", tape)
      },
    ]
  }

  /// A lane's share of the mean squared distance to a number.
  private func result(_ y: Variable, target: Float, _ name: String, _ tape: Tape) -> LaneResult {
    let goal = Variable(constant: Tensor(repeating: target, shape: y.shape), on: tape)
    let loss = squaredError(y, goal, scale: 1 / Float(sampleCount * Self.size))
    return LaneResult(
      loss: loss, metrics: [Metric(name, Double(loss.value.scalar))], sampleCount: y.shape[0])
  }

  /// The samples of a lane, by their place in the batch: the same however it is cut into lanes.
  package func lane(from message: [UInt8], at place: LanePlace) -> Lane {
    let rows = message.map { sample in
      var numbers = TestNumbers(seed: UInt64(sample) + 1000 * UInt64(place.step))
      return numbers.tensor([Self.size]).array(of: Float.self)
    }
    return Lane(input: Tensor(rows.flatMap { $0 }, shape: [message.count, Self.size]))
  }

  package func operationCount(inStep step: Int) -> Int { 0 }
  package var reader: SampleTransport.Reader { { _, _ in [] } }
  package var hasEvaluationData: Bool { false }
  package var dataDigests: [String: String] { [:] }
  package func evaluate(_ session: TrainingSession) -> Evaluation { .nothing }
  package func picture() -> (image: RGBImage, name: String)? { nil }
}
