import ArrayFiles

/// Writes a file of token codes piece by piece and publishes it whole, or not at all.
///
/// Pieces may come in any order. Until `publish` nothing stands under the final name, and a writer
/// that is given up leaves nothing behind.
public final class CodesWriter {
  /// What the file says about itself.
  public let description: CodesDescription
  private let temporary: TemporaryPath
  private let file: HDF5File
  private let codes: HDF5Dataset
  private var labels: [Int32?]
  private var keys: [String]

  /// Begins a file.
  ///
  /// - Parameters:
  ///   - path: The final path; a file that is there is replaced when the new one is published.
  ///   - description: What the file says about itself.
  /// - Throws: `FileError` or `HDF5Error` if the disk refuses or the folder does not exist.
  public init(path: String, description: CodesDescription) throws {
    self.description = description
    temporary = try TemporaryPath(fileFor: path)
    file = try HDF5File(creating: temporary.path)
    try description.write(to: file.attributes)
    codes = try file.createDataset(
      CodesDescription.Dataset.codes, type: .uint16,
      shape: [description.sampleCount, description.cropCount, description.tokenCount])
    labels = [Int32?](repeating: nil, count: description.sampleCount)
    keys = [String](repeating: "", count: description.sampleCount)
  }

  deinit {
    try? file.close()
    temporary.remove()
  }

  /// Writes the codes of neighbouring samples.
  ///
  /// - Parameters:
  ///   - newCodes: `[labels, crops, tokens]`.
  ///   - newLabels: The class of each sample.
  ///   - newKeys: The key of each sample.
  ///   - start: Index of the first sample.
  /// - Throws: `HDF5Error` if the disk refuses.
  /// - Precondition: Counts and range fit the description, codes and labels are in range.
  public func write(
    _ newCodes: [UInt16], labels newLabels: [Int], keys newKeys: [String], at start: Int
  ) throws {
    precondition(
      newCodes.count == newLabels.count * description.rowCount && newKeys.count == newLabels.count
        && start >= 0 && start + newLabels.count <= description.sampleCount,
      "CodesWriter: \(newCodes.count) codes, \(newLabels.count) labels and \(newKeys.count) keys at "
        + "\(start) of \(description)")
    precondition(
      newCodes.allSatisfy { Int($0) < description.vocabularySize },
      "CodesWriter: a code is not below the vocabulary size \(description.vocabularySize)")
    precondition(
      newLabels.allSatisfy { (0..<description.classCount).contains($0) },
      "CodesWriter: a label is not in 0..<\(description.classCount)")
    guard !newLabels.isEmpty else { return }
    try codes.write(newCodes, range: start..<start + newLabels.count)
    for (offset, label) in newLabels.enumerated() {
      labels[start + offset] = Int32(label)
      keys[start + offset] = newKeys[offset]
    }
  }

  /// Completes the file and puts it under its final name.
  ///
  /// - Throws: `HDF5Error` or `FileError` if the disk refuses; then nothing is published.
  /// - Precondition: Every sample was written; there was no `publish` before.
  public func publish() throws {
    let missing = labels.firstIndex { $0 == nil }
    precondition(missing == nil, "CodesWriter: sample \(missing ?? 0) was not written")
    try file.write(CodesDescription.Dataset.labels, labels.compactMap(\.self))
    try file.write(CodesDescription.Dataset.keys, strings: keys)
    try file.sealAndClose()
    try temporary.publish()
  }
}
