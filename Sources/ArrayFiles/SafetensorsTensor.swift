import Foundation

/// One tensor of a safetensors file: its type, its shape and its elements in row-major order.
public struct SafetensorsTensor: Sendable {
  /// The tensor's name.
  public let name: String
  /// The element type.
  public let elementType: ArrayElementType
  /// The size of each axis; empty for a single number.
  public let shape: [Int]
  /// The path of the file, or "tensor" for one that is to be written.
  private let origin: String
  private let data: Data

  /// A tensor to be written.
  ///
  /// `shape`: the size of each axis; one axis where it is left out.
  /// - Precondition: The shape's product is the number of elements.
  public init<Element: ArrayElement>(_ name: String, _ elements: [Element], shape: [Int]? = nil) {
    let shape = shape ?? [elements.count]
    precondition(
      shape.reduce(1, *) == elements.count && !shape.contains { $0 < 0 },
      "tensor '\(name)': shape \(shape) does not hold \(elements.count) elements")
    self.init(
      name: name, elementType: Element.arrayElementType, shape: shape, origin: "tensor",
      data: elements.withUnsafeBytes { Data($0) })
  }

  /// A tensor to be written from raw bytes, for types that Swift has no number for.
  ///
  /// - Precondition: The bytes are those of the shape and type.
  public init(_ name: String, bytes: [UInt8], elementType: ArrayElementType, shape: [Int]) {
    precondition(
      elementType.byteCount(shape: shape) == bytes.count,
      "tensor '\(name)': \(bytes.count) bytes are not those of \(shape) of \(elementType)")
    self.init(
      name: name, elementType: elementType, shape: shape, origin: "tensor", data: Data(bytes))
  }

  init(name: String, elementType: ArrayElementType, shape: [Int], origin: String, data: Data) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.origin = origin
    self.data = data
  }

  /// The number of elements.
  public var elementCount: Int { shape.reduce(1, *) }

  /// Runs `body` with the elements' bytes, which need not be aligned.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    try data.withUnsafeBytes(body)
  }

  /// The elements as they are stored.
  ///
  /// - Throws: `ArrayFileError` when the tensor holds another type.
  public func elements<Element: ArrayElement>(as type: Element.Type = Element.self) throws
    -> [Element]
  {
    guard Element.arrayElementType == elementType else {
      throw mismatch("\(Element.arrayElementType)")
    }
    return data.withUnsafeBytes { [Element](copying: $0) }
  }

  /// The elements of a floating-point tensor; `float16` and `bfloat16` convert without loss.
  ///
  /// - Throws: `ArrayFileError` for other types; `float64` would lose digits.
  public func floats() throws -> [Float] {
    switch elementType {
    case .float32:
      return try elements()
    case .float16:
      return halves { Float(Float16(bitPattern: $0)) }
    case .bfloat16:
      return halves { Float(bitPattern: UInt32($0) << 16) }
    default:
      throw mismatch("float32, float16 or bfloat16")
    }
  }

  /// The elements of an integer tensor of any width that fits.
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
    case .boolean: return data.map { Int64($0) }
    case .float16, .bfloat16, .float32, .float64, .uint64:
      throw mismatch("an integer type of at most 64 signed bits")
    }
  }

  private func halves(_ convert: (UInt16) -> Float) -> [Float] {
    data.withUnsafeBytes { bytes in
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
