/// Blanks out comments and the contents of string literals, keeping every line break.
///
/// Interpolations count as contents. Regular expression literals are not understood; this project
/// has none.
func withoutCommentsAndStrings(_ text: String, isC: Bool) -> String {
  var scanner = CodeScanner(text, isC: isC)
  while !scanner.isAtEnd { scanner.skipOrStep() }
  return String(decoding: scanner.bytes, as: UTF8.self)
}

private struct CodeScanner {
  var bytes: [UInt8]
  private let isC: Bool
  private var position = 0

  init(_ text: String, isC: Bool) {
    bytes = Array(text.utf8)
    self.isC = isC
  }

  var isAtEnd: Bool { position >= bytes.count }

  /// Skips the comment or literal that begins here, or steps over one byte of code.
  mutating func skipOrStep() {
    if starts("//") {
      while !isAtEnd && bytes[position] != UInt8(ascii: "\n") { blank() }
    } else if starts("/*") {
      skipBlockComment()
    } else if let hashCount = stringHashCount() {
      skipString(hashCount: hashCount)
    } else if isC && starts("'") {
      skipCharacter()
    } else {
      position += 1
    }
  }

  private func starts(_ prefix: StaticString, at offset: Int = 0) -> Bool {
    prefix.withUTF8Buffer { bytes.dropFirst(position + offset).starts(with: $0) }
  }

  private mutating func blank(_ count: Int = 1) {
    for _ in 0..<count where !isAtEnd {
      if bytes[position] != UInt8(ascii: "\n") { bytes[position] = UInt8(ascii: " ") }
      position += 1
    }
  }

  /// Swift's block comments nest.
  private mutating func skipBlockComment() {
    var depth = 0
    repeat {
      if starts("/*") && (depth == 0 || !isC) {
        depth += 1
        blank(2)
      } else if starts("*/") {
        depth -= 1
        blank(2)
      } else {
        blank()
      }
    } while depth > 0 && !isAtEnd
  }

  /// The number of `#` before the quote, when a string literal begins here.
  private func stringHashCount() -> Int? {
    var count = 0
    while !isC && starts("#", at: count) { count += 1 }
    return starts("\"", at: count) ? count : nil
  }

  private mutating func skipString(hashCount: Int) {
    blank(hashCount)
    let quoteCount = !isC && starts("\"\"\"") ? 3 : 1
    position += quoteCount
    while !isAtEnd {
      if closes(quoteCount: quoteCount, hashCount: hashCount) {
        position += quoteCount
        blank(hashCount)
        return
      }
      guard starts("\\"), hashes(at: 1) >= hashCount else {
        blank()
        continue
      }
      blank(1 + hashCount)
      if starts("(") && !isC { skipInterpolation() } else { blank() }
    }
  }

  private func hashes(at offset: Int) -> Int {
    var count = 0
    while starts("#", at: offset + count) { count += 1 }
    return count
  }

  private func closes(quoteCount: Int, hashCount: Int) -> Bool {
    guard quoteCount == 3 ? starts("\"\"\"") : starts("\"") else { return false }
    return hashes(at: quoteCount) >= hashCount
  }

  private mutating func skipInterpolation() {
    let start = position
    var depth = 0
    repeat {
      if starts("(") { depth += 1 }
      if starts(")") { depth -= 1 }
      skipOrStep()
    } while depth > 0 && !isAtEnd
    for i in start..<position where bytes[i] != UInt8(ascii: "\n") {
      bytes[i] = UInt8(ascii: " ")
    }
  }

  private mutating func skipCharacter() {
    blank()
    while !isAtEnd && !starts("'") { blank(starts("\\") ? 2 : 1) }
    blank()
  }
}
