import Foundation

/// An array in an `.npz` file that is read from its beginning to its end, without being held in memory.
///
/// Stored and deflated members alike, of any size; zip64 as well. What is read is compared with the member's
/// checksum when the last of it comes.
public final class NumPyArrayStream {
  /// The element type.
  public let elementType: ArrayElementType
  /// The size of each axis.
  public let shape: [Int]
  /// What to call the array in messages.
  private let origin: String
  private let entry: ZipEntryStream
  /// Bytes that have not been read yet.
  private var restByteCount: Int

  init(_ entry: ZipEntryStream, origin: String) throws {
    self.entry = entry
    self.origin = origin
    let header = try NumPyHeader.decode(from: { try entry.read($0) }, origin: origin)
    (elementType, shape) = (header.elementType, header.shape)
    restByteCount = try header.claimedByteCount(of: origin)
    if restByteCount == 0 { try finish() }
  }

  /// The next elements in row-major order.
  ///
  /// - Parameters:
  ///   - count: Elements that are still to come, or fewer.
  ///   - type: The element type.
  /// - Returns: As many elements.
  /// - Throws: `ArrayFileError` when the array holds another type, the file ends before the array does, or
  ///   what was read does not match its checksum.
  /// - Precondition: So many elements are left.
  public func elements<Element: ArrayElement>(_ count: Int, as type: Element.Type = Element.self)
    throws -> [Element]
  {
    guard type.arrayElementType == elementType else {
      throw ArrayFileError(
        file: origin,
        problem: "the elements are \(elementType), \(type.arrayElementType) is needed",
        advice: "Convert the array with astype and save it again.")
    }
    return try bytes(ofElements: count).withUnsafeBytes { [Element](copying: $0) }
  }

  /// The bytes of the next elements, whatever their type.
  func bytes(ofElements count: Int) throws -> Data {
    let leftCount = restByteCount / elementType.byteCount
    precondition(
      count >= 0 && count <= leftCount,
      "NumPyArrayStream: \(count) elements of \(leftCount) that are left")
    let bytes = try entry.read(count * elementType.byteCount)
    guard bytes.count == count * elementType.byteCount else {
      throw ArrayFileError(
        file: origin,
        problem:
          "it ends \(restByteCount - bytes.count) bytes before its shape \(shape) of \(elementType) is "
          + "full", advice: damagedFileAdvice)
    }
    restByteCount -= bytes.count
    if restByteCount == 0 { try finish() }
    return bytes
  }

  /// Asks for one byte more, which tells whether any follows and makes the reader compare the checksum.
  private func finish() throws {
    guard try entry.read(1).isEmpty else {
      throw ArrayFileError(
        file: origin, problem: "more bytes follow than its shape \(shape) of \(elementType) needs",
        advice: damagedFileAdvice)
    }
  }
}

extension NumPyHeader {
  /// Reads a header from the beginning of a stream.
  ///
  /// - Parameters:
  ///   - read: The next bytes, as many as asked for, or fewer at the end.
  ///   - origin: What to call the stream in messages.
  /// - Returns: The header; what follows in the stream are the elements.
  /// - Throws: `ArrayFileError`; what `read` throws.
  static func decode(from read: (_ byteCount: Int) throws -> Data, origin: String) throws
    -> NumPyHeader
  {
    func error(_ problem: FormatProblem) -> ArrayFileError {
      ArrayFileError(file: origin, problem: problem.problem, advice: problem.advice)
    }
    // Version 1 counts the header in 16 bits and may end before byte 12: read to where the text begins.
    var start = try read(10)
    if start.count == 10, start[start.startIndex + 6] != 1 { start += try read(2) }
    if let size = Self.size(prefix: start + [0, 0]) {
      guard size <= sizeLimit else { throw error(.tooLong(size)) }
      start += try read(max(0, size - start.count))
    }
    do {
      return try start.withUnsafeBytes { try decode($0) }.header
    } catch let problem as FormatProblem {
      throw error(problem)
    }
  }

  /// The bytes that the elements take, as the header claims them.
  ///
  /// - Throws: `SizeError`.
  func claimedByteCount(of origin: String) throws(SizeError) -> Int {
    try claimedSize(
      product: shape + [elementType.byteCount], field: "the bytes of an array", of: origin,
      limit: SizeLimit.fileByteCount)
  }
}
