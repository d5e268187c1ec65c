import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct DepthwiseConvolutionOperatorTests {
  /// Images, kernels, stride, padding.
  static let cases: [([Int], [Int], Int, Padding)] = [
    ([1, 1, 1, 1], [1, 1, 1, 1], 1, .same), ([2, 3, 4, 3], [3, 3, 3, 1], 1, .same),
    ([1, 5, 4, 17], [17, 7, 7, 1], 1, .zeros(3)), ([1, 6, 8, 2], [2, 4, 4, 1], 2, .zeros(1)),
    ([2, 5, 3, 2], [2, 4, 4, 1], 2, .zeros(top: 1, bottom: 2, left: 1, right: 2)),
  ]

  @Test(arguments: cases)
  func convolutionMatchesTheReference(
    x: [Int], weight: [Int], stride: Int, padding: Padding
  ) {
    var numbers = TestNumbers(seed: 1)
    let shape = DepthwiseShape(
      batchSize: x[0], channelCount: x[3],
      windows: Windows(
        height: x[1], width: x[2], kernelHeight: weight[1], kernelWidth: weight[2],
        stride: stride, padding: padding))
    checkOperator(
      [numbers.tensor(x), numbers.tensor(weight), numbers.tensor([x[3]])], "\(shape)",
      reference: {
        DepthwiseReference.convolution($0[0], weight: $0[1], bias: $0[2], shape: shape)
      },
      operation: {
        depthwiseConvolution(
          $1[0], weight: $1[1], bias: $1[2], stride: stride, padding: padding)
      })
  }

  /// The law: a blur whose weights sum to one keeps constants away from the edges, and halves sizes,
  /// rounding up.
  @Test(arguments: [8, 9]) func blurHalvesAndKeepsConstants(size: Int) {
    let taps: [Float] = [1, 3, 3, 1]
    let kernel = taps.flatMap { row in taps.map { row * $0 / 64 } }
    let tape = Tape(isRecording: false)
    let after = 1 + size % 2
    let y = depthwiseConvolution(
      Variable(constant: Tensor(repeating: 5, shape: [2, size, size, 3]), on: tape),
      weight: Variable(constant: Tensor(kernel + kernel + kernel, shape: [3, 4, 4, 1]), on: tape),
      stride: 2, padding: .zeros(top: 1, bottom: after, left: 1, right: after))
    let half = (size + 1) / 2
    #expect(y.shape == [2, half, half, 3])
    let values = y.value.array(of: Float.self)
    for row in 1..<half - 1 {
      let start = (row * half + 1) * 3
      #expect(values[start..<start + (half - 2) * 3].allSatisfy { $0 == 5 })
    }
    #expect(values[0] == 3.828125, "seven eighths of the kernel on either axis")
  }

  @Test func kernelsForOtherChannelsAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = depthwiseConvolution(
        Variable(constant: Tensor(repeating: 1, shape: [1, 4, 4, 3]), on: tape),
        weight: Variable(constant: Tensor(repeating: 1, shape: [3, 3, 3, 3]), on: tape))
    }
  }
}
