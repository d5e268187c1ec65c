import Autodiff
import Foundation
import Layers
import Tensors
import TestSupport
import Testing

@Suite struct RotaryPositionsTests {
  private func expect(_ table: RotaryTable, hasAngles angles: [Double], _ label: String) {
    #expect(table.tokenCount * table.pairCount == angles.count, "\(label)")
    // Cosines and sines are rounded to single precision: by half a unit of the numbers below 1.
    let expectations = [
      (table.cosines, angles.map { cos($0) }), (table.sines, angles.map { sin($0) }),
    ]
    for (values, expected) in expectations {
      #expect(values.doubles.elementsEqual(expected) { abs($0 - $1) < 6e-8 }, "\(label)")
    }
  }

  @Test func oneDimensionalAnglesArePositionTimesFrequency() {
    let table = RotaryPositions.table(tokenCount: 5, headSize: 6, base: 1000)
    let expected = (0..<5).flatMap { position in
      (0..<3).map { Double(position) * pow(1000, -Double(2 * $0) / 6) }
    }
    expect(table, hasAngles: expected, "one axis")
    #expect(table.pairing == .adjacent)
  }

  @Test func twoDimensionalAnglesAreOfTheRowThenOfTheColumn() {
    let positions = [(row: 0, column: 0), (row: 3, column: 1), (row: 2, column: 9)]
    let table = RotaryPositions.table(positions, headSize: 8, base: 10_000)
    let expected = positions.flatMap { position in
      [
        Double(position.row), Double(position.row) / 100, Double(position.column),
        Double(position.column) / 100,
      ]
    }
    expect(table, hasAngles: expected, "two axes")
    #expect(table.pairing == .adjacent)
  }

  /// Cell centres of 2 x 4 cells lie at ±½ and at ±¼, ±¾; periods of 8 channels are 1 and 10.
  @Test func centeredAnglesFollowTokensThatDoNotTurn() {
    let table = RotaryPositions.centeredTable(
      rows: 2, columns: 4, leadingCount: 3, headSize: 8)
    var expected = [Double](repeating: 0, count: 3 * 4)
    for y in [-0.5, 0.5] {
      for x in [-0.75, -0.25, 0.25, 0.75] {
        expected += [y, y / 10, x, x / 10].map { 2 * Double.pi * $0 }
      }
    }
    expect(table, hasAngles: expected, "centred")
    #expect(table.pairing == .halves)
    #expect(table.cosines.doubles.prefix(12).allSatisfy { $0 == 1 })
    #expect(table.sines.doubles.prefix(12).allSatisfy { $0 == 0 })
  }

  @Test func centeredAnglesAreOpposedAcrossTheCentre() {
    let table = RotaryPositions.centeredTable(rows: 3, columns: 5, leadingCount: 0, headSize: 12)
    let sines = table.sines.doubles
    for cell in 0..<15 {
      for pair in 0..<6 {
        #expect(abs(sines[cell * 6 + pair] + sines[(14 - cell) * 6 + pair]) < 1e-6)
      }
    }
    #expect(sines.contains { abs($0) > 0.1 })
  }

  @Test func gridsAndDiagonalsBeginAtTheirOffset() {
    let grid = RotaryPositions.grid(rows: 2, columns: 3, offset: 4)
    #expect(grid.map(\.row) == [4, 4, 4, 5, 5, 5])
    #expect(grid.map(\.column) == [4, 5, 6, 4, 5, 6])
    let diagonal = RotaryPositions.diagonal(count: 3, offset: 2)
    #expect(diagonal.map(\.row) == [2, 3, 4])
    #expect(diagonal.map(\.column) == [2, 3, 4])
  }

  @Test func headsWithoutPairsForBothAxesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = RotaryPositions.table([(row: 0, column: 0)], headSize: 6, base: 100)
    }
    await #expect(processExitsWith: .failure) {
      _ = RotaryPositions.centeredTable(rows: 2, columns: 2, leadingCount: 1, headSize: 6)
    }
    await #expect(processExitsWith: .failure) {
      _ = RotaryPositions.table(tokenCount: 4, headSize: 5, base: 100)
    }
  }
}
