import Foundation

/// The one way between a path as text and a path as the bytes that the system knows.
///
/// To the system a name is bytes, which need not be UTF-8. The program has paths as text, in which a
/// byte that belongs to no UTF-8 is a scalar of its own, U+10FE80 … U+10FEFF for the bytes 0x80 …
/// 0xFF (Python does so with its `surrogateescape`, PEP 383). A name whose bytes are such a scalar in
/// UTF-8 is carried byte by byte too, so that every name has one text and its text leads back to it.
///
/// Nothing is expanded: `~` is a name like any other; it means a home only to the shell.
public enum SystemPath {
  /// The scalars that stand for single bytes.
  static let byteScalars: ClosedRange<UInt32> = 0x10_FE80...0x10_FEFF
  private static let firstByteScalar: UInt32 = 0x10_FE00

  /// The bytes of a path, without a zero at the end.
  public static func bytes(of path: String) -> [UInt8] {
    guard path.unicodeScalars.contains(where: { byteScalars.contains($0.value) }) else {
      return Array(path.utf8)
    }
    return path.unicodeScalars.flatMap { scalar in
      byte(of: scalar).map { [$0] } ?? Array(String(scalar).utf8)
    }
  }

  /// The path of some bytes.
  public static func text(of bytes: some Sequence<UInt8>) -> String {
    let bytes = Array(bytes)
    if let text = String(validating: bytes, as: UTF8.self), !hasByteScalars(text) { return text }
    var text = String.UnicodeScalarView()
    var index = 0
    while index < bytes.count {
      let end = min(index + encodedByteCount(of: bytes[index]), bytes.count)
      if let valid = String(validating: bytes[index..<end], as: UTF8.self), !hasByteScalars(valid) {
        text.append(contentsOf: valid.unicodeScalars)
        index = end
      } else {
        // All scalars of this range exist.
        text.append(Unicode.Scalar(firstByteScalar + UInt32(bytes[index])) ?? "\u{FFFD}")
        index += 1
      }
    }
    return String(text)
  }

  /// The byte that a scalar stands for, if it stands for one.
  static func byte(of scalar: Unicode.Scalar) -> UInt8? {
    byteScalars.contains(scalar.value) ? UInt8(scalar.value - firstByteScalar) : nil
  }

  /// The characters of a path for a C call, with a zero at the end.
  ///
  /// - Throws: `FileError` with `EINVAL` for a path that has a zero inside: what stands behind it
  ///   would be lost.
  static func characters(of path: String, for operation: String) throws -> [CChar] {
    let bytes = bytes(of: path)
    guard !bytes.contains(0) else {
      throw FileError(operation: operation, path: path, code: EINVAL)
    }
    return bytes.map { CChar(bitPattern: $0) } + [0]
  }

  /// The arguments of the process as paths have them, the program's name first.
  public static func commandLine() -> [String] {
    (0..<Int(CommandLine.argc)).compactMap { index in
      CommandLine.unsafeArgv[index].map { argument in
        text(of: UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
      }
    }
  }

  private static func hasByteScalars(_ text: String) -> Bool {
    text.unicodeScalars.contains { byteScalars.contains($0.value) }
  }

  /// The number of bytes of the scalar that begins with a byte; 1 for one that begins none.
  private static func encodedByteCount(of first: UInt8) -> Int {
    switch first {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 1
    }
  }
}
