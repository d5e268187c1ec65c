import Foundation
import Kernels
import TestSupport
import Testing

/// Kernels of scores against plain loops.
@Suite struct StatisticsTests {
  private func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var numbers = TestNumbers(seed: seed)
    return numbers.tensor([count]).doubles
  }

  @Test(arguments: [1, 2, 3, 4, 5, 9], [1, 7, 8, 9, 33])
  func distancesMatchPlainLoops(count: Int, width: Int) {
    let a = numbers(count * width, seed: 1).map { Float($0) }
    let b = numbers((count + 2) * width, seed: 2).map { Float($0) }
    var found = [Double](repeating: .nan, count: count * (count + 2))
    squaredDistances(
      into: &found, a, rows: 0..<count, b, rows: 0..<count + 2, channelCount: width)
    let expected = (0..<count).flatMap { i in
      (0..<count + 2).map { j in
        (0..<width).reduce(0.0) { sum, c in
          let difference = Double(a[i * width + c]) - Double(b[j * width + c])
          return sum + difference * difference
        }
      }
    }
    expectClose(found, expected, tolerance: 1e-14, "\(count) rows of \(width)")
  }

  /// Two rows have one distance, bit for bit, whatever stands around them.
  @Test func aDistanceDependsOnItsRowsAlone() {
    let width = 37
    let a = numbers(11 * width, seed: 3).map { Float($0) }
    func distances(_ rows: Range<Int>, _ columns: Range<Int>) -> [Double] {
      var found = [Double](repeating: .nan, count: rows.count * columns.count)
      squaredDistances(into: &found, a, rows: rows, a, rows: columns, channelCount: width)
      return found
    }
    let all = distances(0..<11, 0..<11)
    for i in 0..<11 {
      #expect(all[i * 11 + i] == 0)
      for j in 0..<11 {
        #expect(all[i * 11 + j] == all[j * 11 + i])
        #expect(distances(i..<i + 1, j..<j + 1) == [all[i * 11 + j]])
      }
    }
  }

  @Test(arguments: [(3, 3), (5, 9), (17, 4)])
  func structureMatchesPlainLoops(height: Int, width: Int) {
    let (a, b) = (numbers(height * width, seed: 4), numbers(height * width, seed: 5))
    let window = StructureWindow(
      weights: [0.25, 0.5, 0.25], luminanceConstant: 0.01, contrastConstant: 0.02)
    var (full, contrast, count) = (0.0, 0.0, 0.0)
    for y in 0...height - 3 {
      for x in 0...width - 3 {
        func mean(_ value: (Int) -> Double) -> Double {
          (0..<9).reduce(0) { sum, k in
            sum + window.weights[k / 3] * window.weights[k % 3]
              * value((y + k / 3) * width + x + k % 3)
          }
        }
        let (ma, mb) = (mean { a[$0] }, mean { b[$0] })
        let va = mean { a[$0] * a[$0] } - ma * ma
        let vb = mean { b[$0] * b[$0] } - mb * mb
        let covariance = mean { a[$0] * b[$0] } - ma * mb
        let structure = (2 * covariance + 0.02) / (va + vb + 0.02)
        full += (2 * ma * mb + 0.01) / (ma * ma + mb * mb + 0.01) * structure
        contrast += structure
        count += 1
      }
    }
    let found = structuralSimilarity(a, b, height: height, width: width, window: window)
    expectClose(
      [found.full, found.contrast], [full / count, contrast / count], tolerance: 1e-13,
      "\(height)x\(width)")
  }

  @Test(arguments: [1, 2, 7, 40])
  func eigenvectorsPutTheMatrixTogether(size: Int) throws {
    var scatter = ScatterMatrix(size: size)
    scatter.add(rows: numbers(3 * size, seed: 6))
    scatter.add(row: numbers(size, seed: 7), scale: 0.5)
    let matrix = scatter.elements(times: 2)
    let (values, vectors) = try eigenvectors(ofSymmetric: matrix, size: size)
    #expect(values == values.sorted())
    var together = [Double](repeating: 0, count: size * size)
    for k in 0..<size {
      for i in 0..<size {
        for j in 0..<size {
          together[i * size + j] += values[k] * vectors[k * size + i] * vectors[k * size + j]
        }
      }
    }
    expectClose(together, matrix, tolerance: 1e-13, "size \(size)")
    // Of a symmetric matrix without negative eigenvalues both are the same.
    expectClose(
      try singularValues(of: matrix, columnCount: size), values.reversed().map(abs),
      tolerance: 1e-13, "singular values")
  }

  @Test func productsAndSingularValuesOfOblongMatrices() throws {
    let (a, b) = (numbers(6, seed: 8), numbers(12, seed: 9))
    var expected = [Double](repeating: 0, count: 8)
    for i in 0..<2 {
      for j in 0..<4 {
        for k in 0..<3 { expected[i * 4 + j] += a[i * 3 + k] * b[k * 4 + j] }
      }
    }
    expectClose(product(a, b, depth: 3), expected, tolerance: 1e-14, "product")
    let turned = (0..<12).map { b[$0 % 3 * 4 + $0 / 3] }
    expectClose(
      product(a, turned, depth: 3, transposed: true), expected, tolerance: 1e-14, "transposed")
    let squares = try singularValues(of: a, columnCount: 3).map { $0 * $0 }
    expectClose(
      squares,
      try eigenvectors(ofSymmetric: product(a, a, depth: 3, transposed: true), size: 2)
        .values.reversed(), tolerance: 1e-13, "singular values")
  }

  @Test func matricesOfNoNumbersEndTheIteration() {
    #expect(throws: IterationFailure.self) {
      try singularValues(of: [.nan, 1, 1, 2], columnCount: 2)
    }
  }
}
