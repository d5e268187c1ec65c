/// The header of a `.npy` file: element type and shape of an array in C order.
///
/// Source: NumPy Enhancement Proposal 1, and `numpy.lib.format` for version 2.
struct NumPyHeader: Equatable {
  var elementType: ArrayElementType
  var shape: [Int]

  /// The first bytes of every `.npy` file.
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// The bytes that tell how long the header is.
  static let prefixSize = 12

  /// The longest header that is read; NumPy itself reads up to 10 000 bytes.
  static let sizeLimit = 1 << 20

  private static let typeNames: [(name: String, type: ArrayElementType)] = [
    ("<f2", .float16), ("<f4", .float32), ("<f8", .float64), ("|i1", .int8), ("<i2", .int16),
    ("<i4", .int32), ("<i8", .int64), ("|u1", .uint8), ("<u2", .uint16), ("<u4", .uint32),
    ("<u8", .uint64), ("|b1", .boolean),
  ]

  init(elementType: ArrayElementType, shape: [Int]) {
    self.elementType = elementType
    self.shape = shape
  }

  /// The header as NumPy writes it, so that the data begins at a multiple of 64 bytes, or nil for
  /// an element type that NumPy does not have.
  var encoded: [UInt8]? {
    guard let name = Self.typeNames.first(where: { $0.type == elementType })?.name else {
      return nil
    }
    let sizes = shape.map(String.init).joined(separator: ", ")
    let tuple = shape.count == 1 ? "(\(sizes),)" : "(\(sizes))"
    let text = "{'descr': '\(name)', 'fortran_order': False, 'shape': \(tuple), }"
    // Version 1 counts the header in 16 bits, version 2 in 32.
    let isLong = text.utf8.count + 64 + 10 > UInt16.max
    let prefixSize = Self.magic.count + 2 + (isLong ? 4 : 2)
    let unpaddedSize = prefixSize + text.utf8.count + 1
    let padding = (64 - unpaddedSize % 64) % 64
    let headerSize = text.utf8.count + padding + 1
    var bytes = Self.magic + [isLong ? 2 : 1, 0]
    for shift in stride(from: 0, to: isLong ? 32 : 16, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: headerSize >> shift))
    }
    bytes.append(contentsOf: text.utf8)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padding))
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }

  /// Reads a header at the beginning of `bytes`.
  ///
  /// - Returns: The header and the offset at which the data begins.
  /// - Throws: `FormatProblem`.
  static func decode(_ bytes: UnsafeRawBufferPointer) throws -> (header: NumPyHeader, size: Int) {
    guard bytes.prefix(magic.count).elementsEqual(magic) else {
      throw FormatProblem("it does not begin with NumPy's signature")
    }
    guard bytes.count >= prefixSize else { throw FormatProblem("the header is cut off") }
    guard let end = size(prefix: bytes) else {
      throw FormatProblem("format version \(bytes[6]).\(bytes[7]) is not 1 or 2")
    }
    guard end <= sizeLimit else { throw FormatProblem.tooLong(end) }
    guard end <= bytes.count else { throw FormatProblem("the header is cut off") }
    let text = String(
      decoding: bytes[textStart(version: bytes[6])..<end], as: UTF8.self)
    var parser = NumPyHeaderParser(text)
    return (try header(try parser.dictionary()), end)
  }

  /// The offset at which the data begins, given the first bytes of a file; nil where they are too few
  /// or of another format.
  static func size(prefix: some Sequence<UInt8>) -> Int? {
    let prefix = Array(prefix.prefix(prefixSize))
    guard prefix.count == prefixSize, prefix.starts(with: magic), [1, 2].contains(prefix[6]) else {
      return nil
    }
    let start = textStart(version: prefix[6])
    return prefix[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) } + start
  }

  /// Where the text begins: version 1 counts it in two bytes, version 2 in four.
  private static func textStart(version: UInt8) -> Int { version == 1 ? 10 : 12 }

  private static func header(_ entries: [String: NumPyHeaderParser.Value]) throws -> NumPyHeader {
    guard Set(entries.keys) == ["descr", "fortran_order", "shape"] else {
      throw FormatProblem(
        "the header has the keys \(entries.keys.sorted()), not descr, fortran_order and shape")
    }
    guard case .string(let name) = entries["descr"] else {
      throw FormatProblem("the elements are records, not numbers")
    }
    guard case .boolean(let isFortranOrder) = entries["fortran_order"] else {
      throw FormatProblem("fortran_order is neither True nor False")
    }
    guard case .tuple(let shape) = entries["shape"] else {
      throw FormatProblem("the shape is no tuple of sizes")
    }
    guard !isFortranOrder else {
      throw FormatProblem(
        "the elements are in Fortran (column-major) order",
        advice: "Save numpy.ascontiguousarray(array) instead.")
    }
    guard let type = typeNames.first(where: { $0.name == name })?.type else {
      throw FormatProblem(
        "element type '\(name)' is not known",
        advice: "Convert with array.astype to one of "
          + typeNames.map(\.name).joined(separator: " ") + ".")
    }
    guard type.byteCount(shape: shape) != nil else {
      throw FormatProblem("shape \(shape) exceeds this machine's memory")
    }
    return NumPyHeader(elementType: type, shape: shape)
  }
}

extension FormatProblem {
  /// A `.npy` header that nobody needs.
  static func tooLong(_ size: Int) -> Self {
    Self("the header takes \(size) bytes, more than \(NumPyHeader.sizeLimit)")
  }
}

/// Reads the one Python literal that a `.npy` header is: a dictionary of strings, truth values and
/// tuples of sizes.
struct NumPyHeaderParser {
  /// A value of the dictionary.
  enum Value {
    case string(String)
    case boolean(Bool)
    case tuple([Int])
    /// A list: the description of a record.
    case list
  }

  private var rest: Substring

  init(_ text: String) { rest = Substring(text) }

  /// The whole text as a dictionary.
  mutating func dictionary() throws -> [String: Value] {
    try expect("{")
    var entries: [String: Value] = [:]
    while !take("}") {
      let key = try string()
      try expect(":")
      guard entries.updateValue(try value(), forKey: key) == nil else {
        throw FormatProblem("the header has the key '\(key)' twice")
      }
      if !take(",") {
        try expect("}")
        break
      }
    }
    skipSpaces()
    guard rest.isEmpty else { throw malformed() }
    return entries
  }

  private mutating func value() throws -> Value {
    if take("True") { return .boolean(true) }
    if take("False") { return .boolean(false) }
    if take("(") { return .tuple(try sizes()) }
    skipSpaces()
    if rest.first == "[" {
      guard let end = rest.lastIndex(of: "]") else { throw malformed() }
      rest = rest[rest.index(after: end)...]
      return .list
    }
    return .string(try string())
  }

  private mutating func sizes() throws -> [Int] {
    var sizes: [Int] = []
    while !take(")") {
      skipSpaces()
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let size = Int(digits) else { throw malformed() }
      sizes.append(size)
      rest = rest.dropFirst(digits.count)
      if !take(",") {
        try expect(")")
        break
      }
    }
    return sizes
  }

  private mutating func string() throws -> String {
    skipSpaces()
    guard let quote = rest.first, quote == "'" || quote == "\"" else { throw malformed() }
    rest = rest.dropFirst()
    guard let end = rest.firstIndex(of: quote) else { throw malformed() }
    defer { rest = rest[rest.index(after: end)...] }
    return String(rest[..<end])
  }

  private mutating func take(_ token: String) -> Bool {
    skipSpaces()
    guard rest.hasPrefix(token) else { return false }
    rest = rest.dropFirst(token.count)
    return true
  }

  private mutating func expect(_ token: String) throws {
    guard take(token) else { throw malformed() }
  }

  private mutating func skipSpaces() { rest = rest.drop { $0.isWhitespace } }

  private func malformed() -> FormatProblem {
    FormatProblem("the header is malformed at '\(rest.prefix(20))'")
  }
}
