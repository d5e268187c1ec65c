/// Code as bytes, with the few look-ups that finding declarations needs.
///
/// Comments and strings have been blanked out before, so that every bracket is a bracket.
struct CodeBytes {
  let bytes: [UInt8]

  init(_ code: String) { bytes = Array(code.utf8) }

  func character(at position: Int) -> Character {
    Character(UnicodeScalar(position < bytes.count ? bytes[position] : 0))
  }

  func character(before position: Int) -> Character {
    position > 0 ? character(at: position - 1) : " "
  }

  func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// Identifiers, keywords and numbers.
  var words: [Range<Int>] {
    var words: [Range<Int>] = []
    var start: Int?
    for position in 0...bytes.count {
      let isPart = position < bytes.count && Self.isWordPart(bytes[position])
      if isPart && start == nil { start = position }
      if let first = start, !isPart {
        words.append(first..<position)
        start = nil
      }
    }
    return words
  }

  private static func isWordPart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...0xFF:
      true
    default: false
    }
  }

  func firstVisible(from start: Int) -> Int {
    var position = start
    while position < bytes.count && bytes[position] <= 32 { position += 1 }
    return position
  }

  func nextVisible(from start: Int) -> Character { character(at: firstVisible(from: start)) }

  func lastVisible(before end: Int) -> Character {
    var position = end - 1
    while position > 0 && bytes[position] <= 32 { position -= 1 }
    return position >= 0 ? character(at: position) : " "
  }

  /// The brace that closes the one at `position`, or the end.
  func closingBrace(of position: Int) -> Int {
    var depth = 0
    for index in position..<bytes.count {
      if bytes[index] == UInt8(ascii: "{") { depth += 1 }
      if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return index }
    }
    return bytes.count - 1
  }

  /// The brace that opens the body of the declaration whose keyword ends at `start`, if it has one.
  func bodyStart(from start: Int, isVariable: Bool) -> Int? {
    var depth = 0
    for position in start..<max(start, bytes.count) {
      switch character(at: position) {
      case "(", "[": depth += 1
      case ")", "]":
        depth -= 1
        if depth < 0 { return nil }
      case "{" where depth == 0: return position
      case "}" where depth == 0, ";" where depth == 0: return nil
      case "=" where depth == 0 && isVariable: return nil
      case "\n" where depth == 0:
        if !isContinued(afterLineEndingAt: position) { return nil }
      default: break
      }
    }
    return nil
  }

  /// Whether a declaration goes on in the next line.
  private func isContinued(afterLineEndingAt position: Int) -> Bool {
    if ",:&<>".contains(lastVisible(before: position)) { return true }
    let next = bytes[firstVisible(from: position)...]
    return ["{", "->", "where ", "throws", "rethrows", "async"].contains {
      next.starts(with: Array($0.utf8))
    }
  }

  /// The lines from a declaration's start to the end of its body.
  func span(from start: Int, bodyAt body: Int) -> FunctionSpan {
    let end = closingBrace(of: body)
    let newline = UInt8(ascii: "\n")
    let head = bytes[start...].prefix { $0 != newline }
    return FunctionSpan(
      head: String(decoding: head, as: UTF8.self),
      firstLine: bytes[..<start].count { $0 == newline } + 1,
      lineCount: bytes[start...end].count { $0 == newline } + 1)
  }
}
