/// Text from outside (keys, names, values, paths) made fit to be shown.
///
/// A terminal obeys control characters, so what a file says could move the cursor, clear the screen or
/// turn a line's order round. They are shown as `\u{1b}` instead, and a byte of a path that is no
/// UTF-8 (`SystemPath`) as `\xE9`.
public enum VisibleText {
  /// A text of the program, of several lines perhaps, in which names from outside may stand.
  public static func lines(_ text: String) -> String {
    replacing(text, keeping: ["\n", "\t"], by: braced)
  }

  /// A name or value from outside: one line in any case.
  public static func name(_ text: String) -> String { replacing(text, keeping: [], by: braced) }

  /// A line of JSON, whose texts are escaped in JSON's own way.
  public static func json(_ text: String) -> String {
    replacing(text, keeping: ["\n"]) { scalar in
      "\\u" + zeroPadded(scalar.value, digitCount: 4, radix: 16)
    } byte: {
      "\\\($0)"
    }
  }

  private static func braced(_ scalar: Unicode.Scalar) -> String {
    "\\u{" + String(scalar.value, radix: 16) + "}"
  }

  private static func replacing(
    _ text: String, keeping kept: Set<Unicode.Scalar>,
    by escape: (Unicode.Scalar) -> String, byte escapedByte: (String) -> String = { $0 }
  ) -> String {
    // Nearly every text has nothing to replace.
    guard text.unicodeScalars.contains(where: { isUnfit($0) && !kept.contains($0) }) else {
      return text
    }
    return text.unicodeScalars.map { scalar in
      if let byte = SystemPath.byte(of: scalar) {
        return escapedByte("\\x" + String(byte, radix: 16, uppercase: true))
      }
      return isUnfit(scalar) && !kept.contains(scalar) ? escape(scalar) : String(scalar)
    }.joined()
  }

  /// Controls (C0, DEL, C1), separators of lines, marks that turn the direction, bytes of paths.
  private static func isUnfit(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...0x1F, 0x7F...0x9F, 0x61C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    case SystemPath.byteScalars: true
    default: false
    }
  }
}
