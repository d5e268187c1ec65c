import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

/// Convolutions with a stride or other padding, and those of sequences.
@Suite struct StridedConvolutionOperatorTests {
  struct Case: CustomStringConvertible {
    let x: [Int]
    let weight: [Int]
    let stride: Int
    let padding: Padding
    let y: [Int]

    var description: String { "x \(x), weight \(weight), stride \(stride), \(padding)" }

    var shape: ConvolutionShape {
      let image = x.count == 3 ? [x[0], 1, x[1], x[2]] : x
      let kernel = weight.count == 3 ? [weight[0], 1, weight[1], weight[2]] : weight
      return ConvolutionShape(
        batchSize: image[0], height: image[1], width: image[2], inputCount: image[3],
        outputCount: kernel[0], kernelHeight: kernel[1], kernelWidth: kernel[2], stride: stride,
        padding: padding)
    }
  }

  /// Larger ones are in the kernels' tests.
  static let cases = [
    Case(x: [2, 5, 7, 3], weight: [4, 2, 2, 3], stride: 2, padding: .valid, y: [2, 2, 3, 4]),
    Case(x: [1, 9, 8, 2], weight: [5, 4, 4, 2], stride: 4, padding: .valid, y: [1, 2, 2, 5]),
    Case(x: [1, 9, 7, 3], weight: [6, 5, 5, 3], stride: 2, padding: .zeros(2), y: [1, 5, 4, 6]),
    Case(x: [2, 4, 5, 3], weight: [2, 3, 3, 3], stride: 1, padding: .valid, y: [2, 2, 3, 2]),
    Case(
      x: [1, 5, 4, 2], weight: [3, 4, 4, 2], stride: 2,
      padding: .zeros(top: 1, bottom: 2, left: 1, right: 1), y: [1, 3, 2, 3]),
    Case(x: [2, 11, 3], weight: [4, 9, 3], stride: 1, padding: .circular, y: [2, 11, 4]),
    Case(x: [3, 5, 2], weight: [7, 1, 2], stride: 1, padding: .circular, y: [3, 5, 7]),
    Case(
      x: [2, 7, 2], weight: [3, 2, 2], stride: 3,
      padding: .zeros(top: 0, bottom: 0, left: 1, right: 0), y: [2, 3, 3]),
  ]

  @Test(arguments: cases) func convolutionMatchesTheReference(given: Case) {
    var numbers = TestNumbers(seed: 1)
    checkOperator(
      [numbers.tensor(given.x), numbers.tensor(given.weight), numbers.tensor([given.weight[0]])],
      "\(given)",
      reference: {
        ConvolutionsReference.convolution($0[0], weight: $0[1], bias: $0[2], shape: given.shape)
      },
      operation: {
        let y = convolution(
          $1[0], weight: $1[1], bias: $1[2], stride: given.stride, padding: given.padding)
        #expect(y.shape == given.y)
        return y
      })
  }

  /// The law: disjoint patches are a linear layer over the pixels of each patch.
  @Test func patchEmbeddingIsLinear() {
    var numbers = TestNumbers(seed: 2)
    let tape = Tape(isRecording: false)
    let (patches, weight) = (numbers.tensor([2, 3, 4 * 4 * 5]), numbers.tensor([11, 4 * 4 * 5]))
    // One patch above the other, so that each lies as a whole in memory.
    let x = Variable(constant: patches.reshaped(to: [2, 12, 4, 5]), on: tape)
    let y = convolution(
      x, weight: Variable(constant: weight.reshaped(to: [11, 4, 4, 5]), on: tape), stride: 4,
      padding: .valid)
    let expected = linear(
      Variable(constant: patches, on: tape), weight: Variable(constant: weight, on: tape))
    #expect(y.shape == [2, 3, 1, 11])
    #expect(y.value.array(of: Float.self) == expected.value.array(of: Float.self))
  }

  @Test func bfloat16OperandsAreRounded() {
    var numbers = TestNumbers(seed: 3)
    let given = Self.cases[5]
    let (x, weight) = (numbers.tensor(given.x), numbers.tensor(given.weight))
    let tape = Tape(isRecording: true, operandType: .bfloat16)
    let variables = [x, weight].map { Variable(input: $0, on: tape) }
    let y = convolution(variables[0], weight: variables[1], padding: .circular)
    let weights = numbers.tensor(y.shape)
    tape.backward(from: weightedTotal(y, weights))
    let rounded = [x, weight, weights].map { $0.doubles.map(BFloat16Reference.rounded) }
    expectClose(
      y.value.doubles,
      ConvolutionsReference.convolution(
        rounded[0], weight: rounded[1], bias: nil, shape: given.shape), tolerance: 2e-6, "value")
    let expected = ConvolutionsReference.gradients(
      rounded[2], rounded[0], weight: rounded[1], shape: given.shape)
    for (variable, gradient) in zip(variables, [expected.dx, expected.dWeight]) {
      expectClose(
        variable.adjoint?.gradient?.doubles ?? [], gradient, tolerance: 2e-6, "gradient")
    }
  }

  @Test(arguments: [1, 2, 3]) func rowsOfZerosAroundASequenceAreRefused(stride: Int) async {
    await #expect(processExitsWith: .failure) { [stride = stride as Int] in
      let tape = Tape(isRecording: false)
      _ = convolution(
        Variable(constant: Tensor(repeating: 1, shape: [1, 4, 3]), on: tape),
        weight: Variable(constant: Tensor(repeating: 1, shape: [5, 3, 3]), on: tape),
        stride: stride, padding: .zeros(1))
    }
  }
}
