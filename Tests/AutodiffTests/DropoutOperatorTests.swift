import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct DropoutOperatorTests {
  private let key = RandomKey(seed: 4, purpose: .dropout, step: 11, index: 2)

  /// What each element is multiplied by, from the words one by one.
  private func factors(_ count: Int, probability: Double) -> [Double] {
    var stream = RandomStream(key)
    return (0..<count).map { _ in
      Double(stream.next()) >= (probability * 0x1p32).rounded(.down) ? 1 / (1 - probability) : 0
    }
  }

  @Test(arguments: [[1], [3], [2, 17], [3, 33], [2, 5, 64]])
  func matchesTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    for probability in [0.125, 0.5, 0.75] {
      checkOperator(
        [numbers.tensor(shape)], "dropout \(shape), \(probability)",
        reference: { inputs in
          zip(inputs[0], factors(inputs[0].count, probability: probability)).map { $0 * $1 }
        },
        operation: { dropout($1[0], probability: Float(probability), key: key) })
    }
  }

  @Test func largeTensorsMatchTheReference() {
    var numbers = TestNumbers(seed: 2)
    let x = numbers.tensor([100_001])
    let y = dropout(
      Variable(constant: x, on: Tape(isRecording: false)), probability: 0.25, key: key)
    let expected = zip(x.doubles, factors(x.count, probability: 0.25)).map { $0 * $1 }
    expectClose(y.value.doubles, expected, tolerance: 1e-7, "100001 elements")
  }

  @Test func withoutKeyOrProbabilityNothingHappens() {
    let tape = Tape(isRecording: true)
    let x = Variable(input: Tensor(repeating: 2, shape: [100]), on: tape)
    #expect(dropout(x, probability: 0.9, key: nil).adjoint === x.adjoint)
    #expect(dropout(x, probability: 0, key: key).adjoint === x.adjoint)
  }

  @Test func theShareOfZerosIsTheProbability() {
    let x = Variable(
      constant: Tensor(repeating: 1, shape: [200_000]), on: Tape(isRecording: false))
    for probability: Float in [0.1, 0.5, 0.9] {
      let y = dropout(x, probability: probability, key: key).value.doubles
      let share = Double(y.count { $0 == 0 }) / Double(y.count)
      #expect(abs(share - Double(probability)) < 5e-3)
      #expect(abs(y.reduce(0, +) / Double(y.count) - 1) < 0.03)
    }
  }

  @Test func theMaskDependsOnTheKeyAndNotOnTheThreads() {
    let threads = threadCount
    defer { setThreadCount(threads) }
    let x = Variable(
      constant: Tensor(repeating: 1, shape: [70_003]), on: Tape(isRecording: false))
    let mask = { (key: RandomKey) in
      dropout(x, probability: 0.5, key: key).value.array(of: Float.self)
    }
    setThreadCount(1)
    let alone = mask(key)
    setThreadCount(2)
    #expect(alone == mask(key))
    #expect(alone != mask(key.child(0)))
  }

  @Test func gradientsOfSeveralUsesAdd() {
    let tape = Tape(isRecording: true)
    let x = Variable(input: Tensor(repeating: 1, shape: [33]), on: tape)
    let once = dropout(x, probability: 0.5, key: key)
    let twice = dropout(x, probability: 0.5, key: key.child(1))
    let both = concatenateTokens([once, twice].map { reshape($0, to: [1, 33, 1]) })
    tape.backward(from: weightedTotal(both, Tensor(repeating: 1, shape: both.shape)))
    let expected = zip(once.value.doubles, twice.value.doubles).map { $0 + $1 }
    #expect(x.adjoint?.gradient?.doubles == expected)
  }

  @Test func aProbabilityOfOneStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let x = Variable(constant: Tensor(repeating: 1, shape: [2]), on: Tape(isRecording: false))
      _ = dropout(x, probability: 1, key: nil)
    }
  }
}
