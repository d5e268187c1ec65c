import ArrayFiles

/// The rows of an array in an `.npz` file, which may be larger than memory.
///
/// Members may be compressed, and then have a beginning only: rows that are asked for in their order cost one pass over the
/// file, and a row before the last one a new pass. The checksum is compared with the last row.
final class ArchivedRows {
  let elementType: ArrayElementType
  let shape: [Int]
  private let directory: NumPyArchiveDirectory
  private let name: String
  private var stream: NumPyArrayStream?
  /// The row that the stream gives next.
  private var nextRow = 0

  /// Looks at the header of `arr_0`, or of the only array.
  ///
  /// - Throws: `ArrayFileError` where there is no such array.
  init(_ directory: NumPyArchiveDirectory) throws {
    self.directory = directory
    name = directory.names.count == 1 ? directory.names[0] : "arr_0"
    (elementType, shape) = try directory.header(of: name)
  }

  /// The elements of a row.
  ///
  /// - Parameters:
  ///   - index: Its number.
  ///   - size: Elements of a row.
  ///   - type: The element type.
  /// - Returns: As many elements.
  /// - Throws: `ArrayFileError`, `FileError`.
  func row<Element: ArrayElement>(_ index: Int, size: Int, as type: Element.Type) throws
    -> [Element]
  {
    if index < nextRow { stream = nil }
    let stream = try self.stream ?? directory.stream(name)
    if self.stream == nil { (self.stream, nextRow) = (stream, 0) }
    while nextRow < index {
      _ = try stream.elements(size, as: type)
      nextRow += 1
    }
    let row = try stream.elements(size, as: type)
    nextRow += 1
    return row
  }
}
