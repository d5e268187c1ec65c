import Configurations
import DataParallel
import Inference
import Kernels
public import MessagePassing
import Reporting
import Tensors

/// Times the convolutions of a configuration's training step by each way of multiplying them.
public struct ConvolutionBenchmark {
  private let rehearsal: Rehearsal
  private let roundCount: Int

  /// Times each convolution in so many rounds, in each of which every way has its turn.
  public init(_ rehearsal: Rehearsal, roundCount: Int) {
    (self.rehearsal, self.roundCount) = (rehearsal, roundCount)
  }

  /// Runs one step, to see which convolutions there are, and then these.
  ///
  /// Collective: every rank.
  ///
  /// - Returns: The figures; times are those of this rank.
  /// - Throws: `CommandError.unsupported` where there are none; `MessagePassingError`; `ConfigurationError`.
  public func run(_ communicator: Communicator) throws -> ConvolutionTimings {
    RankThreads.setAutomatic()
    let operandType = rehearsal.precision.operandType
    let convolutions = try convolutions(communicator)
    guard !convolutions.isEmpty else {
      throw CommandError.unsupported(
        "\(rehearsal.name) has no convolutions but of one pixel: name a tokenizer's configuration")
    }
    let timings = convolutions.map { convolution, count in
      time(convolution, count: count, operandType)
    }
    return ConvolutionTimings(
      size: rehearsal.name, precision: rehearsal.precision.rawValue,
      batchCount: rehearsal.batchSize, threadCount: threadCount, processor: .current,
      convolutions: timings)
  }

  private struct Convolution: Hashable {
    let direction: ConvolutionDirection
    let shape: ConvolutionShape
  }

  /// The convolutions of a step that are no mere products, in the order of their first use, and how often each
  /// occurs.
  private func convolutions(_ communicator: Communicator) throws -> [(Convolution, Int)] {
    let training = try RehearsedTraining(rehearsal, communicator)
    let seen = Seen()
    for network in training.networks {
      network.arena.convolutionObserver = { seen.add(Convolution(direction: $0, shape: $1)) }
    }
    try training.step(0)
    return seen.order.filter { $0.shape.kernelHeight * $0.shape.kernelWidth > 1 }
      .map { ($0, seen.counts[$0] ?? 0) }
  }

  private final class Seen {
    var order: [Convolution] = []
    var counts: [Convolution: Int] = [:]

    func add(_ convolution: Convolution) {
      if counts[convolution] == nil { order.append(convolution) }
      counts[convolution, default: 0] += 1
    }
  }

  private func time(_ convolution: Convolution, count: Int, _ operandType: ElementType)
    -> ConvolutionTiming
  {
    let operands = Operands(convolution.shape, operandType)
    var times: [ConvolutionArithmetic: [Double]] = [:]
    for round in 0...roundCount {
      for arithmetic in ConvolutionArithmetic.allCases {
        let start = ContinuousClock.now
        operands.compute(convolution.direction, arithmetic)
        if round > 0 {
          times[arithmetic, default: []].append((ContinuousClock.now - start).inSeconds)
        }
      }
    }
    let choices = ConvolutionArithmetic.allCases.map { arithmetic in
      ConvolutionTiming.Choice(
        arithmetic: arithmetic,
        route: operands.route(convolution.direction, arithmetic).description,
        seconds: median(times[arithmetic] ?? []))
    }
    return ConvolutionTiming(
      convolution.direction, convolution.shape, count: count, choices: choices)
  }
}

/// What a convolution and its gradients read and write, as a residual block has them: the output is an operand of what
/// follows, the gradients of the input and of the weights are float32.
private struct Operands {
  private let shape: ConvolutionShape
  private let (x, weight, dy): (Buffer, Buffer, Buffer)
  private let (y, dx, dWeight): (Buffer, Buffer, Buffer)

  init(_ shape: ConvolutionShape, _ type: ElementType) {
    self.shape = shape
    func numbers(_ count: Int) -> Buffer {
      let numbers = Buffer(.float32, count: count)
      fill(numbers, with: 0.5)
      return numbers
    }
    func operand(_ count: Int) -> Buffer {
      type == .bfloat16 ? numbers(count).rounded : numbers(count)
    }
    (x, weight) = (operand(shape.inputElementCount), operand(shape.weightCount))
    let gradient = numbers(shape.outputElementCount)
    dy = type == .bfloat16 ? bfloat16Operand(gradient) : gradient
    y = Buffer(type, count: shape.outputElementCount)
    dx = Buffer(.float32, count: shape.inputElementCount)
    dWeight = Buffer(.float32, count: shape.weightCount)
  }

  func compute(_ direction: ConvolutionDirection, _ arithmetic: ConvolutionArithmetic) {
    switch direction {
    case .forward:
      convolution(into: y, x, weight: weight, bias: nil, shape: shape, arithmetic: arithmetic)
    case .inputGradient:
      convolutionBackwardData(
        into: dx, isAdding: false, dy, weight: weight, shape: shape, arithmetic: arithmetic)
    case .weightGradient:
      convolutionBackwardWeights(
        into: dWeight, isAdding: false, dy, x, shape: shape, arithmetic: arithmetic)
    }
  }

  /// How `compute` does it.
  func route(_ direction: ConvolutionDirection, _ arithmetic: ConvolutionArithmetic)
    -> ConvolutionRoute
  {
    .preferred(
      direction, shape, operandType: BFloat16Route.preferred.multipliedType(of: x.elementType),
      resultType: direction == .forward ? y.elementType : .float32, arithmetic: arithmetic)
  }
}
