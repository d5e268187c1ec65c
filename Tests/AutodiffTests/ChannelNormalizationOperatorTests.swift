import Autodiff
import Tensors
import TestSupport
import Testing

@Suite struct ChannelNormalizationOperatorTests {
  private static let means: [Float] = [0.25, -1, 0.5]
  private static let standardDeviations: [Float] = [0.5, 2, 0.125]

  @Test(arguments: [[3], [2, 5, 3], [1, 4, 7, 3]])
  func matchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    checkOperator(
      [numbers.tensor(shape)], "normalizeChannels \(shape)",
      reference: {
        $0[0].enumerated().map { index, x in
          (x - Double(Self.means[index % 3])) / Double(Self.standardDeviations[index % 3])
        }
      },
      operation: {
        normalizeChannels(
          $1[0], means: Self.means, standardDeviations: Self.standardDeviations)
      })
  }

  /// The value is that of images without gradients, which the tokenizer takes.
  @Test func gradientsChangeNoBits() {
    var numbers = TestNumbers(seed: 2)
    let images = numbers.tensor([2, 3, 5, 3], in: 0..<1)
    let (means, deviations) = (Self.means, Self.standardDeviations)
    let y = normalizeChannels(
      Variable(input: images, on: Tape(isRecording: true)), means: means,
      standardDeviations: deviations)
    let alone = normalizeChannels(images, means: means, standardDeviations: deviations)
    #expect(y.value.array(of: Float.self) == alone.array())
  }

  @Test func otherChannelsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 1, shape: [2, 4]), on: Tape(isRecording: false))
      _ = normalizeChannels(x, means: Self.means, standardDeviations: Self.standardDeviations)
    }
  }
}
