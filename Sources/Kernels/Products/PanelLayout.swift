import CKernels

/// How panels of 64 columns of a product's right-hand factor lie one after the other.
///
/// A column of a panel is a run of units of 32 bits, 64 apart: single-precision numbers, or pairs of
/// bfloat16 numbers of two neighbouring rows.
struct PanelLayout {
  /// Columns of a panel.
  static let width = Int(CKernelsPanelWidth)
  /// Units come in multiples of this, as the packing of a transpose writes them.
  private static let unitMultiple = 16

  /// Columns of the factor.
  let columnCount: Int
  /// Units that a column of a panel has room for.
  let unitCapacity: Int

  /// The panels of a factor with so many units in a column.
  init(unitCount: Int, columnCount: Int) {
    self.columnCount = columnCount
    unitCapacity = (unitCount + Self.unitMultiple - 1) / Self.unitMultiple * Self.unitMultiple
  }

  /// The panels of a bfloat16 factor.
  init(bfloat16RowCount: Int, columnCount: Int) {
    self.init(unitCount: (bfloat16RowCount + 1) / 2, columnCount: columnCount)
  }

  var panelCount: Int { (columnCount + Self.width - 1) / Self.width }

  /// Units of a panel.
  var panelSize: Int { unitCapacity * Self.width }

  /// Units of all panels.
  var unitCount: Int { panelCount * panelSize }

  /// The columns of the factor in a panel.
  func columns(of panel: Int) -> Range<Int> {
    panel * Self.width..<min(columnCount, (panel + 1) * Self.width)
  }
}
