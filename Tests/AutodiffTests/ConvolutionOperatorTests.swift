import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct ConvolutionOperatorTests {
  /// Images and weights; larger ones are in the kernels' tests.
  static let cases: [([Int], [Int])] = [
    ([1, 1, 1, 1], [1, 1, 1, 1]), ([2, 3, 5, 3], [5, 3, 3, 3]), ([1, 4, 3, 7], [2, 3, 3, 7]),
    ([2, 3, 3, 4], [6, 1, 1, 4]), ([1, 2, 7, 2], [17, 3, 5, 2]),
  ]

  @Test(arguments: cases) func convolutionMatchesTheReference(x: [Int], weight: [Int]) {
    var numbers = TestNumbers(seed: 1)
    let shape = ConvolutionShape(
      batchSize: x[0], height: x[1], width: x[2], inputCount: x[3], outputCount: weight[0],
      kernelHeight: weight[1], kernelWidth: weight[2])
    checkOperator(
      [numbers.tensor(x), numbers.tensor(weight), numbers.tensor([weight[0]])],
      "convolution \(shape)",
      reference: {
        ConvolutionsReference.convolution($0[0], weight: $0[1], bias: $0[2], shape: shape)
      },
      operation: { convolution($1[0], weight: $1[1], bias: $1[2]) })
  }

  /// The law: a pointwise convolution is a linear layer.
  @Test func aPointwiseConvolutionIsLinear() {
    var numbers = TestNumbers(seed: 2)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: numbers.tensor([2, 5, 7, 9]), on: tape)
    let weight = numbers.tensor([11, 9])
    let a = convolution(
      x, weight: Variable(constant: weight.reshaped(to: [11, 1, 1, 9]), on: tape))
    let b = linear(x, weight: Variable(constant: weight, on: tape))
    #expect(a.shape == b.shape)
    #expect(a.value.array(of: Float.self) == b.value.array(of: Float.self))
  }

  @Test func channelsThatDoNotMeetAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = convolution(
        Variable(constant: Tensor(repeating: 1, shape: [1, 4, 4, 3]), on: tape),
        weight: Variable(constant: Tensor(repeating: 1, shape: [5, 3, 3, 2]), on: tape))
    }
  }
}
