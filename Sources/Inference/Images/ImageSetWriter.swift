import ImageFiles

/// Writes a set of images that comes in parts: into a folder at once, into one file at the end.
struct ImageSetWriter {
  private let output: ImageOutput
  private let columnCount: Int?
  private var waiting: [RGBImage] = []
  private var writtenCount = 0

  /// Begins a set.
  ///
  /// - Parameters:
  ///   - output: Where the images go.
  ///   - columnCount: Images in a row of a grid; nil for about as many columns as rows.
  init(_ output: ImageOutput, columnCount: Int? = nil) {
    self.output = output
    self.columnCount = columnCount
  }

  /// Adds images.
  ///
  /// - Parameters:
  ///   - images: The images.
  ///   - names: The names of their files in a folder, without the ending; nil for numbers.
  /// - Throws: `FileError` or `ImageError`.
  mutating func add(_ images: [RGBImage], names: [String]? = nil) throws {
    guard output.kind == .folder else {
      waiting += images
      return
    }
    try output.writeToFolder(images, names: names, firstIndex: writtenCount)
    writtenCount += images.count
  }

  /// Writes what has not been written.
  ///
  /// - Throws: `FileError`, `ArrayFileError` or `ImageError`.
  func finish() throws {
    if output.kind != .folder { try output.write(waiting, columnCount: columnCount) }
  }
}
