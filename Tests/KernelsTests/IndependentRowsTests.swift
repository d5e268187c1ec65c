import Kernels
import Tensors
import TestSupport
import Testing

/// Products whose rows do not depend on those beside them.
@Suite struct IndependentRowsTests {
  /// Depth and columns: small models, and those of the published generators' maps.
  static let sizes: [(Int, Int)] = [
    (48, 40), (512, 96), (513, 65), (768, 300), (1024, 3072), (2816, 1024),
  ]
  private static let counts = [1, 2, 3, 7, 15, 16, 17, 31, 48, 50, 63, 64, 65, 97]

  @Test(arguments: sizes, [false, true])
  func aRowHasTheSameBitsAmongAnyOthers(size: (Int, Int), isRounded: Bool) {
    let (depth, columnCount) = size
    var numbers = TestNumbers(seed: 11)
    let (all, weight, bias) = (
      numbers.tensor([110, depth]), numbers.tensor([columnCount, depth]),
      numbers.tensor([columnCount])
    )
    func operand(_ x: Buffer) -> Buffer { isRounded ? x.rounded : x }
    let (rows, factor) = (operand(all.buffer), operand(weight.buffer))
    func map(_ range: Range<Int>, _ rowBits: RowBits = .ofRow) -> [Float] {
      let y = Buffer(.float32, count: range.count * columnCount)
      affine(
        into: y, rows[range.lowerBound * depth..<range.upperBound * depth], weight: factor,
        bias: bias.buffer, rowCount: range.count, rowBits: rowBits)
      return y.array(of: Float.self)
    }
    let whole = map(0..<110)
    func expected(_ range: Range<Int>) -> [Float] {
      Array(whole[range.lowerBound * columnCount..<range.upperBound * columnCount])
    }
    for count in Self.counts {
      for first in [0, 5, 13] where first + count <= 110 {
        let range = first..<first + count
        #expect(map(range) == expected(range), "rows \(range) of \(size), \(isRounded)")
      }
    }
    expectClose(
      whole.map(Double.init), map(0..<110, .ofShape).map(Double.init), tolerance: 1e-5,
      "\(size), \(isRounded)")
  }

  /// Packed weights that are widened while they are multiplied.
  @Test(arguments: sizes) func rowsOfWidenedPanelsAreIndependent(size: (Int, Int)) {
    let (depth, columnCount) = size
    var numbers = TestNumbers(seed: 13)
    let (rows, weight) = (
      numbers.tensor([110, depth]).buffer.rounded,
      numbers.tensor([columnCount, depth]).buffer.rounded
    )
    let bias = numbers.tensor([columnCount])
    guard let panels = FactorPanels(weight: weight, inputSize: depth, route: .widened) else {
      return print("this processor has no vectors to multiply panels with")
    }
    func map(_ range: Range<Int>, _ panels: FactorPanels?, _ type: ElementType = .float32)
      -> [Float]
    {
      let y = Buffer(type, count: range.count * columnCount)
      affine(
        into: y, rows[range.lowerBound * depth..<range.upperBound * depth], weight: weight,
        panels: panels, bias: bias.buffer, rowCount: range.count, route: .widened,
        rowBits: .ofRow)
      return y.widened.array()
    }
    let whole = map(0..<110, panels)
    expectClose(
      whole.map(Double.init), map(0..<110, nil).map(Double.init), tolerance: 1e-5, "\(size)")
    expectClose(
      map(0..<110, panels, .bfloat16).map(Double.init), whole.map(Double.init), tolerance: 3e-3,
      "\(size), rounded")
    for range in [0..<1, 5..<7, 13..<61, 3..<100] {
      let expected = whole[range.lowerBound * columnCount..<range.upperBound * columnCount]
      #expect(map(range, panels)[...] == expected, "rows \(range) of \(size)")
    }
  }

  @Test(arguments: sizes) func bitsDoNotDependOnTheThreadCount(size: (Int, Int)) {
    let (depth, columnCount) = size
    var numbers = TestNumbers(seed: 12)
    let (x, weight) = (numbers.tensor([37, depth]), numbers.tensor([columnCount, depth]))
    let results = onThreadCounts([1, 2, 3]) {
      let y = Buffer(.float32, count: 37 * columnCount)
      affine(
        into: y, x.buffer, weight: weight.buffer, bias: nil, rowCount: 37, rowBits: .ofRow)
      return y.array(of: Float.self)
    }
    for result in results { #expect(result == results[0]) }
  }
}
