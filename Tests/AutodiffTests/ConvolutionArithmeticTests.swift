import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

/// How an arena's convolutions are computed reaches its tapes, their blocks, and the gradients.
@Suite struct ConvolutionArithmeticTests {
  private static let shape = ConvolutionShape(
    batchSize: 2, height: 20, width: 20, inputCount: 32, outputCount: 32, kernelHeight: 3,
    kernelWidth: 3)

  /// The output, and the gradients of the input and the weights, from an arena with an arithmetic.
  private func run(_ convolutions: ConvolutionArithmetic, recomputesBlocks: Bool) -> [[Float]] {
    let shape = Self.shape
    var numbers = TestNumbers(seed: 9)
    let arena = ParameterArena()
    let weight = ParameterScope(arena).parameter("weight", [32, 3, 3, 32], .constant(0))
    arena.allocate(forTraining: true, convolutions: convolutions)
    arena.values.buffer.copy(from: numbers.tensor([arena.count]).buffer)
    let tape = arena.makeTape(isRecording: true, recomputesBlocks: recomputesBlocks)
    let x = Variable(input: numbers.tensor([2, 20, 20, 32]), on: tape)
    let y = tape.recomputing(x) { convolution($0, weight: $0.tape[weight]) }
    let target = Variable(constant: numbers.tensor([2, 20, 20, 32]), on: tape)
    tape.backward(from: squaredError(y, target, scale: 1), into: arena)
    precondition(y.value.count == shape.outputElementCount)
    let gradient = x.adjoint?.gradient?.array(of: Float.self) ?? []
    return [y.value.array(of: Float.self), gradient, arena.gradients.array(of: Float.self)]
  }

  @Test func theArenaDecides() {
    let direct = run(.direct, recomputesBlocks: false)
    let accurate = run(.accurate, recomputesBlocks: false)
    #expect(run(.direct, recomputesBlocks: true) == direct)
    #expect(run(.accurate, recomputesBlocks: true) == accurate)
    guard
      case .winograd = ConvolutionRoute.preferred(
        .forward, Self.shape, operandType: .float32, arithmetic: .accurate)
    else { return print("this processor has no fewer multiplications to try") }
    for (index, name) in ["output", "input's gradient", "weights' gradient"].enumerated() {
      #expect(direct[index] != accurate[index], "\(name): the same bits")
      expectClose(
        accurate[index].map(Double.init), direct[index].map(Double.init), tolerance: 1e-5, name)
    }
  }

  @Test func theKernelsTakeWhatTheTapeSays() {
    var numbers = TestNumbers(seed: 9)
    let weight = numbers.tensor([32, 3, 3, 32])
    let x = numbers.tensor([2, 20, 20, 32])
    for arithmetic in ConvolutionArithmetic.allCases {
      let tape = Tape(isRecording: false, convolutions: arithmetic)
      let y = convolution(
        Variable(constant: x, on: tape), weight: Variable(constant: weight, on: tape))
      let expected = Buffer(.float32, count: Self.shape.outputElementCount)
      convolution(
        into: expected, x.buffer, weight: weight.buffer, bias: nil, shape: Self.shape,
        arithmetic: arithmetic)
      #expect(y.value.array(of: Float.self) == expected.array(), "\(arithmetic)")
    }
  }
}
