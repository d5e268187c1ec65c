import ArrayFiles

/// Codes as the published program keeps them: a file of codes and one of the label for each image.
///
///     NAME_codes/N.npy     int64, [crops, tokens]
///     NAME_labels/N.npy    int64, a single number
///
/// with N = 0, 1, … in the order of the sorted image folder. Programs with an axis of 1 in front of both are read too.
/// Source: Docs/Data.md, section "Codes of the published program".
public struct PublishedCodes: Sendable {
  /// The folder with the two folders.
  public let folder: String
  /// What stands before `_codes` and `_labels`.
  public let name: String
  /// Number of images.
  public let sampleCount: Int
  /// Number of crops of an image.
  public let cropCount: Int
  /// Number of tokens of a crop.
  public let tokenCount: Int

  /// What the published extraction calls its folders.
  public static let publishedName = "imagenet256"

  /// Looks at the folders.
  ///
  /// - Parameter folder: The folder with the two folders.
  /// - Throws: `DataError` when they are not there, or a number is missing; `FileError`, `ArrayFileError`.
  public init(folder: String) throws {
    self.folder = folder
    let endings = ["_codes", "_labels"]
    let names = try FileSystem.names(in: folder)
    let found = names.filter {
      $0.hasSuffix(endings[0]) && names.contains($0.dropLast(6) + endings[1])
    }
    guard found.count == 1 else {
      throw DataError(
        file: folder,
        problem: "it has \(found.count) pairs of folders NAME_codes and NAME_labels, expected one",
        advice: "Name the folder that the published extraction wrote.")
    }
    let name = String(found[0].dropLast(6))
    self.name = name
    let counts = try endings.map { try Self.fileCount(in: folder + "/" + name + $0) }
    guard counts[0] == counts[1], counts[0] > 0 else {
      throw DataError(
        file: folder, problem: "there are \(counts[0]) files of codes and \(counts[1]) of labels",
        advice: "Copy both folders whole.")
    }
    sampleCount = counts[0]
    let first = try NumPyArray(contentsOf: "\(folder)/\(name)_codes/0.npy")
    let shape =
      first.shape.count == 3 && first.shape[0] == 1 ? Array(first.shape.dropFirst()) : first.shape
    guard shape.count == 2, shape.allSatisfy({ $0 > 0 }) else {
      throw DataError(
        file: "\(folder)/\(name)_codes/0.npy",
        problem: "its shape is \(first.shape), expected [crops, tokens]",
        advice: "Name the folder that the published extraction wrote.")
    }
    (cropCount, tokenCount) = (shape[0], shape[1])
  }

  /// Counts the files 0.npy, 1.npy, ….
  private static func fileCount(in folder: String) throws -> Int {
    let numbers = try FileSystem.names(in: folder).filter { $0.hasSuffix(".npy") }
      .map { Int($0.dropLast(4)) }
    let known = Set(numbers.compactMap(\.self))
    guard let missing = (0..<numbers.count).first(where: { !known.contains($0) }) else {
      return numbers.count
    }
    throw DataError(
      file: "\(folder)/\(missing).npy",
      problem: "it is missing, and there are \(numbers.count) files in its folder",
      advice: "Copy the folder whole; its files are numbered from 0.")
  }

  /// Writes the codes as a file of codes.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - description: What the file says about itself; its counts are those of the folder.
  ///   - progress: Called now and then with the number of images done.
  /// - Throws: `DataError` that names a file that is not as the others or has a code or label that is none;
  ///   `FileError`, `ArrayFileError`, `HDF5Error`. Then nothing new is under `path`.
  public func write(
    to path: String, _ description: CodesDescription,
    progress: (_ doneCount: Int) -> Void = { _ in }
  ) throws {
    let writer = try CodesWriter(path: path, description: description)
    for start in stride(from: 0, to: sampleCount, by: 1024) {
      let range = start..<min(start + 1024, sampleCount)
      try writer.write(
        try range.flatMap { try codes(at: $0, below: description.vocabularySize) },
        labels: try range.map { try label(at: $0, below: description.classCount) },
        keys: range.map { "\($0)" }, at: start)
      progress(range.upperBound)
    }
    try writer.publish()
  }

  /// The largest label.
  ///
  /// - Throws: As `write` does.
  public func largestLabel() throws -> Int {
    try (0..<sampleCount).reduce(0) { max($0, try label(at: $1, below: SizeLimit.classCount)) }
  }

  private func codes(at index: Int, below limit: Int) throws -> [UInt16] {
    let path = "\(folder)/\(name)_codes/\(index).npy"
    let array = try NumPyArray(contentsOf: path)
    let shape = [cropCount, tokenCount]
    guard array.shape == shape || array.shape == [1] + shape else {
      throw DataError(
        file: path, problem: "its shape is \(array.shape), that of 0.npy \(shape)",
        advice: restoreAdvice)
    }
    return try Self.integers(of: array).map { code in
      guard (0..<limit).contains(code) else {
        throw DataError(
          file: path, problem: "it has the code \(code), expected 0 ... \(limit - 1)",
          advice: "Name the tokenizer that made the codes.")
      }
      return UInt16(code)
    }
  }

  private func label(at index: Int, below limit: Int) throws -> Int {
    let path = "\(folder)/\(name)_labels/\(index).npy"
    let array = try NumPyArray(contentsOf: path)
    guard array.elementCount == 1, let label = try Self.integers(of: array).first,
      (0..<limit).contains(label)
    else {
      throw DataError(
        file: path,
        problem: "it is no label: shape \(array.shape), expected one number of 0 ... \(limit - 1)",
        advice: "Say with --classes how many there are.")
    }
    return label
  }

  private static func integers(of array: NumPyArray) throws -> [Int] {
    array.elementType == .int32
      ? try array.elements(as: Int32.self).map { Int($0) }
      : try array.elements(as: Int64.self).map { Int($0) }
  }

  /// Writes a file of codes as the published program keeps them.
  ///
  /// - Parameters:
  ///   - codes: The file of codes.
  ///   - folder: The folder to make; nothing, or an empty folder, may stand there.
  ///   - name: What stands before `_codes` and `_labels`.
  ///   - progress: Called now and then with the number of images done.
  /// - Throws: `DataError` if something is there already, or the codes cannot be read; `FileError`.
  public static func write(
    _ codes: CodesFile, to folder: String, name: String = publishedName,
    progress: (_ doneCount: Int) -> Void = { _ in }
  ) throws {
    let description = codes.description
    try publishFolder(at: folder) { temporary in
      let folders = ["codes", "labels"].map { "\(temporary)/\(name)_\($0)" }
      for folder in folders { try FileSystem.createDirectory(folder) }
      for index in 0..<description.sampleCount {
        let rows = try (0..<description.cropCount).flatMap { try codes.codes(at: index, crop: $0) }
        let arrays = [
          NumPyArray(
            rows.map { Int64($0) }, shape: [description.cropCount, description.tokenCount]),
          NumPyArray([Int64(codes.labels[index])], shape: []),
        ]
        for (folder, array) in zip(folders, arrays) {
          let writer = try FileWriter(path: "\(folder)/\(index).npy")
          try writer.write(array.encoded)
          try writer.close()
        }
        if index % 256 == 255 { progress(index + 1) }
      }
    }
  }
}
