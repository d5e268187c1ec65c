import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct ConcatenationOperatorTests {
  /// The axes before the channels, and the channels of each part.
  @Test(
    arguments: [
      ([], [1, 2]), ([1], [3]), ([3], [1, 1]), ([2, 3], [5, 1, 17]), ([1, 2, 2], [33, 4]),
      ([4, 1], [2, 0, 3]),
    ] as [([Int], [Int])])
  func concatenationMatchesTheReference(outer: [Int], channelCounts: [Int]) {
    var numbers = TestNumbers(seed: 1)
    let rowCount = outer.reduce(1, *)
    checkOperator(
      channelCounts.map { numbers.tensor(outer + [$0]) },
      "concatenateChannels \(outer), \(channelCounts)",
      reference: { parts in
        (0..<rowCount).flatMap { row in
          zip(parts, channelCounts).flatMap { part, count in
            part[row * count..<(row + 1) * count]
          }
        }
      },
      operation: { concatenateChannels($1) })
  }

  /// The law: the channels of a part are what comes out again; large enough for several threads, and a
  /// part that is there twice gets both gradients.
  @Test func slicesOfTheWholeAreTheParts() {
    var numbers = TestNumbers(seed: 2)
    let tape = Tape(isRecording: true)
    let (a, b) = (numbers.tensor([3, 700, 20]), numbers.tensor([3, 700, 9]))
    let (x, y) = (Variable(input: a, on: tape), Variable(input: b, on: tape))
    let whole = concatenateChannels([x, y, x])
    #expect(whole.shape == [3, 700, 49])
    let rows = reshape(whole, to: [2100, 49, 1])
    for (range, part) in [(0..<20, a), (20..<29, b), (29..<49, a)] {
      #expect(sliceTokens(rows, range).value.array(of: Float.self) == part.array())
    }
    let zero = Variable(constant: Tensor(repeating: 0, shape: whole.shape), on: tape)
    tape.backward(from: squaredError(whole, zero, scale: 0.5))
    #expect(x.adjoint?.gradient?.array() == a.array(of: Float.self).map { 2 * $0 })
    #expect(y.adjoint?.gradient?.array(of: Float.self) == b.array())
  }

  @Test func partsThatDifferElsewhereAreRefused() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      _ = concatenateChannels(
        [[2, 3], [3, 3]].map { Variable(constant: Tensor(repeating: 1, shape: $0), on: tape) })
    }
    await #expect(processExitsWith: .failure) { _ = concatenateChannels([]) }
  }
}
