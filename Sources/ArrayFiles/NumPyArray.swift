import Foundation

/// An array of numbers in NumPy's `.npy` format, in C (row-major) order and little-endian.
public struct NumPyArray: Sendable, Equatable {
  /// The element type.
  public let elementType: ArrayElementType
  /// The size of each axis; empty for a single number.
  public let shape: [Int]
  /// Where the array came from, for messages.
  private let origin: String
  private let data: Data

  /// An array of elements in row-major order.
  ///
  /// `shape`: the size of each axis; one axis where it is left out.
  /// - Precondition: The shape's product is the number of elements.
  public init<Element: ArrayElement>(_ elements: [Element], shape: [Int]? = nil) {
    let shape = shape ?? [elements.count]
    precondition(
      shape.reduce(1, *) == elements.count && !shape.contains { $0 < 0 },
      "NumPyArray: shape \(shape) does not hold \(elements.count) elements")
    elementType = Element.arrayElementType
    self.shape = shape
    origin = "array"
    data = elements.withUnsafeBytes { Data($0) }
  }

  /// Reads a `.npy` file, whose data is mapped into memory and read when it is used.
  ///
  /// - Throws: `FileError` when the file cannot be read; `ArrayFileError` when it is not `.npy` of
  ///   version 1 or 2, cut off, in Fortran order, or of an unknown element type.
  public init(contentsOf path: String) throws {
    try self.init(data: fileContent(at: path), origin: path)
  }

  /// Reads the bytes of a `.npy` file.
  ///
  /// `name`: what to call the bytes in messages.
  /// - Throws: `ArrayFileError`, as for a file.
  public init(decoding bytes: [UInt8], name: String) throws {
    try self.init(data: Data(bytes), origin: name)
  }

  init(data: Data, origin: String) throws {
    let (header, headerSize) = try Self.decodedHeader(of: data, origin: origin)
    try Self.require(data.count - headerSize, header, origin: origin)
    self.init(header: header, data: data.dropFirst(headerSize), origin: origin)
  }

  /// Reads an array whose size nobody knows before its header was read.
  ///
  /// - Parameters:
  ///   - byteLimit: The most that the elements may take.
  ///   - origin: What to call the bytes in messages.
  ///   - read: The next bytes, as many as asked for, or fewer at the end.
  /// - Throws: `ArrayFileError`, before anything is read of an array that is beyond the limit; what
  ///   `read` throws.
  init(byteLimit: Int, origin: String, read: (_ byteCount: Int) throws -> Data) throws {
    var start = try read(NumPyHeader.prefixSize)
    if let size = NumPyHeader.size(prefix: start) {
      guard size <= NumPyHeader.sizeLimit else { throw Self.problem(.tooLong(size), origin) }
      start += try read(max(0, size - start.count))
    }
    let (header, headerSize) = try Self.decodedHeader(of: start, origin: origin)
    let byteCount = header.elementType.byteCount(shape: header.shape) ?? 0
    guard byteCount <= byteLimit else {
      throw ArrayFileError(
        file: origin,
        problem: "the header announces \(header.elementType) of shape \(header.shape), "
          + "\(byteCount) bytes, but at most \(byteLimit) may come out of a file of this size",
        advice: "If the file is sound, save the array as .npy or without compression.")
    }
    // One byte more tells whether anything follows, and makes the reader check what it has read.
    let elements = try read(byteCount + 1)
    try Self.require(elements.count + start.count - headerSize, header, origin: origin)
    self.init(header: header, data: elements, origin: origin)
  }

  private init(header: NumPyHeader, data: Data, origin: String) {
    elementType = header.elementType
    shape = header.shape
    self.origin = origin
    self.data = data
  }

  private static func decodedHeader(of data: Data, origin: String) throws -> (
    NumPyHeader, size: Int
  ) {
    do {
      let (header, size) = try data.withUnsafeBytes { try NumPyHeader.decode($0) }
      return (header, size)
    } catch let problem as FormatProblem {
      throw Self.problem(problem, origin)
    }
  }

  private static func problem(_ problem: FormatProblem, _ origin: String) -> ArrayFileError {
    ArrayFileError(file: origin, problem: problem.problem, advice: problem.advice)
  }

  private static func require(_ byteCount: Int, _ header: NumPyHeader, origin: String) throws {
    let needed = header.elementType.byteCount(shape: header.shape) ?? 0
    guard byteCount == needed else {
      throw ArrayFileError(
        file: origin,
        problem: "\(byteCount > needed ? "more than \(needed)" : "\(byteCount)") bytes follow the "
          + "header, shape \(header.shape) of \(header.elementType) needs \(needed)",
        advice: damagedFileAdvice)
    }
  }

  /// The number of elements.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The bytes that the elements take.
  var byteCount: Int { data.count }

  /// The elements in row-major order.
  ///
  /// - Throws: `ArrayFileError` when the array holds another type.
  public func elements<Element: ArrayElement>(as type: Element.Type = Element.self) throws
    -> [Element]
  {
    try requireElementType(type)
    return data.withUnsafeBytes { [Element](copying: $0) }
  }

  func requireElementType<Element: ArrayElement>(_ type: Element.Type) throws {
    guard type.arrayElementType == elementType else {
      throw ArrayFileError(
        file: origin,
        problem: "the elements are \(elementType), \(type.arrayElementType) is needed",
        advice: "Convert the array with astype and save it again.")
    }
  }

  /// Runs `body` with the elements' bytes, which need not be aligned.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    try data.withUnsafeBytes(body)
  }

  /// The array as the bytes of a `.npy` file.
  public var encoded: [UInt8] {
    var bytes = header
    data.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }

  /// Publishes the array as a `.npy` file.
  ///
  /// - Throws: `FileError`; then the old file is as it was.
  public func write(to path: String) throws {
    try AtomicFile.write(to: path) { writer in
      try writer.write(header)
      try data.withUnsafeBytes { try writer.write($0) }
    }
  }

  /// The bytes before the data.
  var header: [UInt8] {
    let header = NumPyHeader(elementType: elementType, shape: shape)
    guard let encoded = header.encoded else {
      preconditionFailure("NumPy has no element type \(elementType)")
    }
    return encoded
  }

  /// Whether both hold the same type, shape and bytes.
  public static func == (left: NumPyArray, right: NumPyArray) -> Bool {
    left.elementType == right.elementType && left.shape == right.shape && left.data == right.data
  }
}
