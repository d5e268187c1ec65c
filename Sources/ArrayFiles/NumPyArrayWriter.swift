/// Writes an array whose elements come in pieces, so that it is never in memory as a whole.
public final class NumPyArrayWriter {
  private let write: (UnsafeRawBufferPointer) throws -> Void
  private var restByteCount: Int

  fileprivate init(
    byteCount: Int, write: @escaping (UnsafeRawBufferPointer) throws -> Void
  ) {
    restByteCount = byteCount
    self.write = write
  }

  /// Adds the bytes of the next elements, in row-major order.
  ///
  /// - Throws: `FileError` or `ArrayFileError`, for example when the disk is full.
  /// - Precondition: There is room for them in the array's shape.
  public func append(_ bytes: [UInt8]) throws {
    precondition(
      bytes.count <= restByteCount,
      "NumPyArrayWriter: \(bytes.count) bytes, and \(restByteCount) are missing")
    restByteCount -= bytes.count
    try bytes.withUnsafeBytes { try write($0) }
  }

  fileprivate func finish() {
    precondition(restByteCount == 0, "NumPyArrayWriter: \(restByteCount) bytes are missing")
  }
}

extension NumPyArray {
  /// Publishes a `.npy` file whose elements come in pieces.
  ///
  /// - Parameters:
  ///   - path: The final path; a file that is there is replaced.
  ///   - elementType: One that NumPy has.
  ///   - shape: The size of each axis.
  ///   - body: Adds all elements.
  /// - Throws: What `body` throws, or `FileError`; then the old file is as it was.
  /// - Precondition: `body` adds as many elements as the shape has.
  public static func write(
    to path: String, _ elementType: ArrayElementType, shape: [Int],
    _ body: (NumPyArrayWriter) throws -> Void
  ) throws {
    let (header, byteCount) = Self.frame(elementType, shape)
    try AtomicFile.write(to: path) { file in
      try file.write(header)
      let writer = NumPyArrayWriter(byteCount: byteCount) { try file.write($0) }
      try body(writer)
      writer.finish()
    }
  }

  fileprivate static func frame(
    _ elementType: ArrayElementType, _ shape: [Int]
  ) -> (header: [UInt8], byteCount: Int) {
    guard let header = NumPyHeader(elementType: elementType, shape: shape).encoded,
      let byteCount = elementType.byteCount(shape: shape)
    else { preconditionFailure("NumPy has no array of \(elementType), shape \(shape)") }
    return (header, byteCount)
  }
}

/// Writes an `.npz` file array by array, each of which may come in pieces.
public struct NumPyArchiveWriter {
  private let zip: ZipWriter

  fileprivate init(_ zip: ZipWriter) { self.zip = zip }

  /// Adds an array.
  ///
  /// - Parameters:
  ///   - name: A name of ASCII letters, without an ending.
  ///   - elementType: One that NumPy has.
  ///   - shape: The size of each axis.
  ///   - body: Adds all elements.
  /// - Throws: What `body` throws, `FileError` or `ArrayFileError`.
  /// - Precondition: `body` adds as many elements as the shape has.
  public func add(
    _ name: String, _ elementType: ArrayElementType, shape: [Int],
    _ body: (NumPyArrayWriter) throws -> Void
  ) throws {
    let (header, byteCount) = NumPyArray.frame(elementType, shape)
    try zip.add(name + ".npy", byteCount: header.count + byteCount) { write in
      try header.withUnsafeBytes { try write($0) }
      let writer = NumPyArrayWriter(byteCount: byteCount, write: write)
      try body(writer)
      writer.finish()
    }
  }
}

extension NumPyArchive {
  /// Publishes an `.npz` file, stored without compression, whose arrays come in pieces; equal arrays give equal
  /// bytes.
  ///
  /// - Parameters:
  ///   - path: The final path; a file that is there is replaced.
  ///   - body: Adds the arrays.
  /// - Throws: What `body` throws, `FileError` or `ArrayFileError`; then the old file is as it was.
  public static func write(to path: String, _ body: (NumPyArchiveWriter) throws -> Void) throws {
    try AtomicFile.publish(to: path) { temporary in
      let zip = try ZipWriter(path: temporary)
      try body(NumPyArchiveWriter(zip))
      try zip.close()
    }
  }
}
