import ArgumentParser
import ArrayFiles

/// Whom to credit for images.
struct CreditOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Whom to credit for the images, and their licence.", valueName: "text"))
  var attribution: String?

  @Option(
    help: ArgumentHelp(
      "A text file with the same, such as the licence that came with the images; it goes into the data set.",
      valueName: "file"))
  var attributionFile: String?

  /// Bytes of a licence's file.
  private static let byteLimit = 1 << 20

  func validate() throws {
    guard attribution == nil || attributionFile == nil else {
      throw ValidationError("give either --attribution or --attribution-file")
    }
  }

  /// The text; empty where none is given.
  ///
  /// - Throws: `FileError`; `ValidationError` for a file that is no text of at most a megabyte.
  func text() throws -> String {
    guard let attributionFile else { return attribution ?? "" }
    let bytes = try FileSystem.bytes(of: attributionFile, upTo: Self.byteLimit + 1)
    guard bytes.count <= Self.byteLimit, let text = String(validating: bytes, as: UTF8.self) else {
      throw ValidationError(
        "--attribution-file \(attributionFile): expected a UTF-8 text of at most \(Self.byteLimit) bytes"
      )
    }
    return text
  }
}
