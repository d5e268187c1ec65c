/// How large and how deep the text of a configuration may be.
///
/// A configuration has about a hundred values in four levels; what goes far beyond is a mistake, or
/// was made to exhaust memory.
enum YAMLLimits {
  /// Bytes of the text, 256 KiB.
  static let byteCount = 1 << 18
  /// Values and sections.
  static let nodeCount = 10_000
  /// Levels of sections and lists.
  static let depth = 32
  /// Keys given twice that are reported together.
  static let markedKeyCount = 32

  /// Why a text is not read at all; nil for one that is.
  ///
  /// Aliases can stand for each other's lists, so that a few lines mean a billion values, which the
  /// parser below goes through; so a text must not have both an anchor and an alias. Both are looked
  /// for wherever one may begin, in quotes and comments too: nothing that the parser takes for one is
  /// missed.
  static func problem(of text: String) -> ConfigurationError.Problem? {
    func problem(_ message: String) -> ConfigurationError.Problem {
      .init(path: "", origin: .unknown, message: message)
    }
    guard text.utf8.count <= byteCount else {
      return problem(
        "the text has \(text.utf8.count) bytes, a configuration at most \(byteCount): is this "
          + "another file?")
    }
    guard !(hasMark("&", in: text) && hasMark("*", in: text)) else {
      return problem(
        "anchors (&name) and aliases (*name) are not read: write the values out; words that begin "
          + "with & and others with * are not read in one file either")
    }
    return nil
  }

  /// Whether a text has the character where a word may begin, and a name behind it.
  ///
  /// The parser's names are of letters, digits, `_` and `-`.
  private static func hasMark(_ mark: Character, in text: String) -> Bool {
    let mark = mark.asciiValue
    var isWordBefore = false
    var isMarkBefore = false
    for byte in text.utf8 {
      let isWord = isWordByte(byte)
      if isMarkBefore && (isWord || byte == UInt8(ascii: "-")) { return true }
      isMarkBefore = byte == mark && !isWordBefore
      isWordBefore = isWord
    }
    return false
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

/// What is left of `YAMLLimits` while a text becomes a tree.
struct NodeBudget {
  private var nodeCount = 0

  /// Takes one value at a depth.
  ///
  /// - Throws: The problem with a text that is too large or too deep.
  mutating func take(
    depth: Int, _ origin: ConfigurationError.Problem.Origin
  ) throws(ConfigurationError.Problem) {
    nodeCount += 1
    guard depth <= YAMLLimits.depth else {
      throw .init(
        path: "", origin: origin,
        message: "more than \(YAMLLimits.depth) levels of sections and lists: is this another file?"
      )
    }
    guard nodeCount <= YAMLLimits.nodeCount else {
      throw .init(
        path: "", origin: origin,
        message: "more than \(YAMLLimits.nodeCount) values: is this another file?")
    }
  }
}
