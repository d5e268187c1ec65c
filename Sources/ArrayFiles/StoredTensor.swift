/// A named tensor of a weights file, whatever the file's format.
public protocol StoredTensor: Sendable {
  /// The tensor's name.
  var name: String { get }
  /// The element type in the file.
  var elementType: ArrayElementType { get }
  /// The size of each axis; empty for a single number.
  var shape: [Int] { get }
  /// The path of the file, or another name for where the tensor came from.
  var origin: String { get }

  /// Runs `body` with the elements' bytes in row-major order, which need not be aligned.
  func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
}

extension StoredTensor {
  /// The number of elements.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The elements as they are stored, in row-major order.
  ///
  /// - Throws: `ArrayFileError` when the tensor holds another type.
  public func elements<Element: ArrayElement>(as type: Element.Type = Element.self) throws
    -> [Element]
  {
    guard Element.arrayElementType == elementType else {
      throw mismatch("\(Element.arrayElementType)")
    }
    return withUnsafeBytes { [Element](copying: $0) }
  }

  /// The elements of a floating-point tensor, in row-major order.
  ///
  /// `float16` and `bfloat16` convert without loss; a `float64` goes to the nearest number, to
  /// infinity beyond the largest.
  /// - Throws: `ArrayFileError` for other types.
  public func floats() throws -> [Float] {
    switch elementType {
    case .float32:
      return try elements()
    case .float16:
      return halves { Float(Float16(bitPattern: $0)) }
    case .bfloat16:
      return halves { Float(bitPattern: UInt32($0) << 16) }
    case .float64:
      return try elements(as: Double.self).map { Float($0) }
    default:
      throw mismatch("a floating-point type")
    }
  }

  /// The elements of an integer tensor of any width that fits, in row-major order.
  ///
  /// - Throws: `ArrayFileError` for floating-point types and `uint64`.
  public func int64s() throws -> [Int64] {
    func widened<Element: ArrayElement & FixedWidthInteger>(_ type: Element.Type) throws -> [Int64]
    {
      try elements(as: type).map { Int64($0) }
    }
    switch elementType {
    case .int64: return try elements()
    case .int32: return try widened(Int32.self)
    case .int16: return try widened(Int16.self)
    case .int8: return try widened(Int8.self)
    case .uint8: return try widened(UInt8.self)
    case .uint16: return try widened(UInt16.self)
    case .uint32: return try widened(UInt32.self)
    case .boolean: return withUnsafeBytes { $0.map { Int64($0) } }
    case .float16, .bfloat16, .float32, .float64, .uint64:
      throw mismatch("an integer type of at most 64 signed bits")
    }
  }

  private func halves(_ convert: (UInt16) -> Float) -> [Float] {
    withUnsafeBytes { bytes in
      (0..<elementCount).map {
        convert(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)))
      }
    }
  }

  private func mismatch(_ needed: String) -> ArrayFileError {
    ArrayFileError(
      file: origin, array: name, problem: "the elements are \(elementType), \(needed) is needed",
      advice: "Check that the file is the one meant, or convert it.")
  }
}
