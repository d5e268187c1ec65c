/// One image of a data set as it is stored, with its class and where it came from.
public struct Sample: Hashable, Sendable {
  /// Raw pixels or an image file; `ImageKind` of the data set tells which.
  public var bytes: [UInt8]
  /// The class: an index into the manifest's classes.
  public var label: Int
  /// The sample's name in its source.
  public var key: String
  /// The shard it was read from, or the image file, for messages.
  public var file: String
  /// Its position in `file`.
  public var index: Int

  /// Makes a sample.
  ///
  /// - Parameters:
  ///   - bytes: Raw pixels or an image file.
  ///   - label: The class.
  ///   - key: The sample's name in its source.
  ///   - file: Where it was read from.
  ///   - index: Its position in `file`.
  public init(bytes: [UInt8], label: Int, key: String, file: String = "", index: Int = 0) {
    self.bytes = bytes
    self.label = label
    self.key = key
    self.file = file
    self.index = index
  }

  /// An error about this sample.
  func error(_ problem: String) -> DataError {
    DataError(
      file: file, dataset: "bytes", index: index, key: key, problem: problem, advice: restoreAdvice)
  }
}
