import Foundation

/// How reports write figures.
package enum FigureText {
  /// A number with four significant digits; `?` where it is not known.
  package static func significant(_ value: Double?) -> String {
    guard let value else { return "?" }
    guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }
    let magnitude = abs(value)
    if magnitude == 0 { return "0" }
    if magnitude < 1e-3 || magnitude >= 1e6 { return String(format: "%.2e", value) }
    let digitCount = max(0, 3 - Int(log10(magnitude).rounded(.down)))
    return String(format: "%.\(digitCount)f", value)
  }

  /// Bytes in GiB, with one decimal.
  package static func gibibytes(_ byteCount: Int) -> String {
    let tenths = (Double(byteCount) * 10 / Double(1 << 30)).rounded() / 10
    return "\(tenths)"
  }
}
