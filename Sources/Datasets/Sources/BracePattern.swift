import ArrayFiles

/// Names written with braces: `train-{0000..1023}.tar`, `{train,val}.tar`.
///
/// A range counts up or down, with zeros in front where one of its ends has them; a list has its parts between
/// commas. Several braces give all combinations, the last one running fastest.
package enum BracePattern {
  /// Names that a pattern may stand for.
  static let nameLimit = 1 << 20

  /// Whether a text has a brace to expand.
  static func isPattern(_ text: String) -> Bool { text.contains("{") && text.contains("}") }

  /// The names that a pattern stands for, in its order; a text without braces stands for itself.
  ///
  /// - Throws: `DataError` for braces that are not closed, empty, or stand for more than `nameLimit` names.
  package static func expand(_ pattern: String) throws(DataError) -> [String] {
    guard let open = pattern.firstIndex(of: "{") else { return [pattern] }
    guard let close = pattern[open...].firstIndex(of: "}") else {
      throw failure(pattern, "a brace is not closed")
    }
    let inside = pattern[pattern.index(after: open)..<close]
    guard !inside.isEmpty, !inside.contains("{") else {
      throw failure(pattern, "'{\(inside)}' is neither a range like 0000..1023 nor a list like a,b")
    }
    let parts =
      try inside.contains(",")
      ? inside.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      : range(inside, of: pattern)
    let rests = try expand(String(pattern[pattern.index(after: close)...]))
    guard parts.count <= nameLimit / max(1, rests.count) else {
      throw failure(pattern, "it stands for more than \(nameLimit) names")
    }
    return parts.flatMap { part in rests.map { pattern[..<open] + part + $0 } }
  }

  private static func range(_ text: Substring, of pattern: String) throws(DataError) -> [String] {
    let ends = text.split(separator: ".", omittingEmptySubsequences: false)
    guard ends.count == 3, ends[1].isEmpty, isNumber(ends[0]), isNumber(ends[2]),
      let first = Int(ends[0]), let last = Int(ends[2])
    else {
      throw failure(pattern, "'{\(text)}' is neither a range like 0000..1023 nor a list like a,b")
    }
    guard abs(last - first) < nameLimit else {
      throw failure(pattern, "it stands for more than \(nameLimit) names")
    }
    let isPadded = [ends[0], ends[2]].contains { $0.count > 1 && $0.hasPrefix("0") }
    let width = isPadded ? max(ends[0].count, ends[2].count) : 1
    return stride(from: first, through: last, by: first <= last ? 1 : -1).map {
      zeroPadded($0, digitCount: width)
    }
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.count <= 18
      && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  private static func failure(_ pattern: String, _ problem: String) -> DataError {
    DataError(
      file: pattern, problem: problem,
      advice: "Write names like shard-{0000..1023}.tar, in quotes, or name one file.")
  }
}
