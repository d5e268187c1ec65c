import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct EmbeddingOperatorTests {
  @Test(arguments: [([1], 1, 1), ([3], 4, 5), ([2, 7], 3, 17), ([5, 2, 2], 33, 40)])
  func matchesTheReference(shape: [Int], rowCount: Int, channelCount: Int) {
    var numbers = TestNumbers(seed: 1)
    let indices = (0..<shape.reduce(1, *)).map { _ in Int(numbers.next() % UInt64(rowCount)) }
    checkOperator(
      [numbers.tensor([rowCount, channelCount])],
      "embedding \(shape), \(rowCount), \(channelCount)",
      reference: { TokensReference.gather($0[0], indices: indices, channelCount: channelCount) },
      operation: { embedding(Tensor(indices.map(Int32.init), shape: shape), table: $1[0]) })
  }

  /// The table's gradient of one batch of indices, used twice, with one or two threads.
  private func gradient(threads: Int) -> [Float] {
    setThreadCount(threads)
    var numbers = TestNumbers(seed: 5)
    let indices = Tensor((0..<900).map { _ in Int32(numbers.next() % 50) }, shape: [900])
    let tape = Tape(isRecording: true)
    let table = Variable(input: numbers.tensor([50, 100]), on: tape)
    let weights = Variable(constant: numbers.tensor([1, 1800, 100]), on: tape)
    let twice = [0, 1].map { _ in reshape(embedding(indices, table: table), to: [1, 900, 100]) }
    tape.backward(from: weightedTotal(concatenateTokens(twice), weights.value))
    return table.adjoint?.gradient?.array() ?? []
  }

  @Test func gradientsAddInOneOrderUnderAnyNumberOfThreads() {
    let threads = threadCount
    defer { setThreadCount(threads) }
    let alone = gradient(threads: 1)
    #expect(alone.count == 5000)
    #expect(alone == gradient(threads: 2))
  }

  @Test func largeTablesMatchTheReference() {
    var numbers = TestNumbers(seed: 3)
    let indices = (0..<500).map { _ in Int(numbers.next() % 300) }
    let table = numbers.tensor([300, 130])
    let y = embedding(
      Tensor(indices.map(Int32.init), shape: [500]),
      table: Variable(constant: table, on: Tape(isRecording: false)))
    #expect(
      y.value.doubles == TokensReference.gather(table.doubles, indices: indices, channelCount: 130))
  }

  @Test func gradientsGoStraightIntoTheArena() {
    let arena = ParameterArena()
    let parameter = ParameterScope(arena).parameter("table", [4, 3], .constant(1))
    arena.allocate(forTraining: true)
    // What an earlier step left must be overwritten, rows without an index included.
    parameter.gradient.buffer.copy(from: [Float](repeating: 9, count: 12))
    let tape = Tape(isRecording: true)
    let y = embedding(Tensor([1, 1, 3] as [Int32], shape: [3]), table: tape[parameter])
    tape.backward(from: weightedTotal(y, Tensor(repeating: 1, shape: y.shape)), into: arena)
    #expect(parameter.gradient.array(of: Float.self) == [0, 0, 0, 2, 2, 2, 0, 0, 0, 1, 1, 1])
  }

  @Test(arguments: [Int32(-1), 4])
  func indicesOutsideTheTableStopTheProgram(index: Int32) async {
    await #expect(processExitsWith: .failure) { [index] in
      let table = Variable(
        constant: Tensor(repeating: 0, shape: [4, 2]), on: Tape(isRecording: false))
      _ = embedding(Tensor([0, index], shape: [2]), table: table)
    }
  }
}
