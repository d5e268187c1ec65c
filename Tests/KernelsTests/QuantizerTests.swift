import Kernels
import TestSupport
import Testing

@Suite struct QuantizerTests {
  @Test(arguments: [(1, 1, 1), (3, 5, 2), (17, 33, 3), (64, 16, 8), (130, 257, 8), (600, 100, 11)])
  func nearestCodesMatchTheReference(rowCount: Int, codeCount: Int, width: Int) {
    var numbers = TestNumbers(seed: 3)
    let z = numbers.tensor([rowCount, width])
    let codes = numbers.tensor([codeCount, width])
    let index = Buffer(.int32, count: rowCount)
    nearestCodes(into: index, z.buffer, codes: codes.buffer, width: width)
    let expected = QuantizerReference.nearestCodes(z.doubles, codes: codes.doubles, width: width)
    #expect(index.array(of: Int32.self).map(Int.init) == expected)
  }

  @Test func theFirstOfEqualCodesIsTheNearest() {
    // Codes 2, 18 and 40 are the same: they lie in one lane of three blocks, and in two lanes.
    var codes = [Float](repeating: 0, count: 41 * 2)
    for code in 0..<41 { codes[2 * code] = -1 }
    for code in [2, 18, 40] { codes[2 * code] = 1 }
    let index = Buffer(.int32, count: 5)
    let z = Buffer(.float32, count: 10)
    z.copy(from: [1, 0, -1, 0, 0, 1, 1, 1, -1, 1] as [Float])
    let codeBuffer = Buffer(.float32, count: codes.count)
    codeBuffer.copy(from: codes)
    nearestCodes(into: index, z, codes: codeBuffer, width: 2)
    #expect(index.array(of: Int32.self) == [2, 0, 0, 2, 0])
  }

  @Test func resultsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 5)
    let z = numbers.tensor([700, 8])
    let codes = numbers.tensor([300, 8])
    let results = onThreadCounts([1, 2, 3]) {
      let index = Buffer(.int32, count: 700)
      nearestCodes(into: index, z.buffer, codes: codes.buffer, width: 8)
      let unit = Buffer(.float32, count: z.count)
      normalizeRows(into: unit, z.buffer, width: 8, guard: 1e-12)
      let entropy = AssignmentEntropy(z.buffer, codes: codes.buffer, width: 8, scale: 3)
      let dz = Buffer(.float32, count: z.count)
      let dcodes = Buffer(.float32, count: codes.count)
      entropy.backward(into: dz, factor: 2).write(into: dcodes, isAdding: false)
      return [unit, dz, dcodes].map { $0.array(of: Float.self) }
        + [index.array(of: Int32.self).map(Float.init), [Float(entropy.value)]]
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  @Test func gradientsAreAddedWhenAsked() {
    var numbers = TestNumbers(seed: 6)
    let x = numbers.tensor([5, 3])
    let dy = numbers.tensor([5, 3])
    let before = numbers.tensor([5, 3])
    let written = Buffer(.float32, count: 15)
    normalizeRowsBackward(
      into: written, isAdding: false, dy.buffer, x.buffer, width: 3, guard: 1e-12)
    let added = Buffer(.float32, count: 15)
    added.copy(from: before.buffer)
    normalizeRowsBackward(
      into: added, isAdding: true, dy.buffer, x.buffer, width: 3, guard: 1e-12)
    #expect(added.array(of: Float.self) == sums(before.array(), written.array()))

    let entropy = AssignmentEntropy(x.buffer, codes: dy.buffer, width: 3, scale: 2)
    let gradient = entropy.backward(into: Buffer(.float32, count: 15), factor: 1)
    gradient.write(into: written, isAdding: false)
    added.copy(from: before.buffer)
    gradient.write(into: added, isAdding: true)
    expectClose(
      added.array(of: Float.self).map(Double.init),
      sums(before.array(), written.array()).map(Double.init), tolerance: 1e-7, "codes' gradient")
  }
}

/// The results of `body` with each number of threads in turn.
func onThreadCounts<Result>(_ counts: [Int], _ body: () -> Result) -> [Result] {
  let usual = threadCount
  defer { setThreadCount(usual) }
  return counts.map {
    setThreadCount($0)
    return body()
  }
}

func sums(_ a: [Float], _ b: [Float]) -> [Float] { zip(a, b).map { $0.0 + $0.1 } }
