import ArrayFiles
public import Checkpoints
public import ImageFiles

/// The directory of one run: what is where in it, and how it begins.
///
///     config.yaml        the resolved configuration; those of earlier starts are config-1.yaml …
///     checkpoints/       step-000005000/ …
///     metrics.jsonl      figures of the training, one object a line
///     images/            pictures of the training
///     log.txt            messages
///     run.lock           who is writing
///
/// Rank 0 alone writes into it.
public struct RunDirectory: Sendable, Hashable {
  /// The directory.
  public let path: String

  /// Names a directory without touching the disk.
  public init(path: String) {
    self.path = path
  }

  /// The resolved configuration.
  public var configurationPath: String { path + "/config.yaml" }
  /// The directory of checkpoints.
  public var checkpointsPath: String { path + "/checkpoints" }
  /// The figures of the training.
  public var metricsPath: String { path + "/metrics.jsonl" }
  /// The directory of pictures.
  public var imagesPath: String { path + "/images" }
  /// The messages.
  public var logPath: String { path + "/log.txt" }

  /// Makes the directory, takes the right to write there, and removes what a killed writer has left aside.
  ///
  /// - Returns: The lock, which holds until it is released or the process ends.
  /// - Throws: `FileError` from the disk; `RunLockError` when another process writes there.
  public func occupy() throws -> RunLock {
    try FileSystem.createDirectory(path)
    let lock = try RunLock(directory: path)
    for folder in [path, imagesPath] { TemporaryNames.removeAbandoned(in: folder) }
    return lock
  }

  /// Makes the folders that belong in the directory.
  ///
  /// - Throws: `FileError`.
  public func makeFolders() throws {
    try FileSystem.createDirectory(checkpointsPath)
    try FileSystem.createDirectory(imagesPath)
  }

  /// Removes what a start that was refused, or that the disk did not take, has made of a new run: its files
  /// and folders, and the directory, unless something else is in them.
  package func abandon() {
    let lockPath = path + "/" + RunLock.fileName
    for file in [configurationPath, metricsPath, lockPath, logPath] { try? FileSystem.remove(file) }
    for folder in [checkpointsPath, imagesPath, path]
    where (try? FileSystem.names(in: folder))?.isEmpty == true {
      try? FileSystem.remove(folder)
    }
  }

  /// The configuration that the run was last started with; nil where there is none.
  ///
  /// - Throws: `FileError` when the file is there and cannot be read.
  public func configuration() throws -> String? {
    do {
      return String(decoding: try FileSystem.bytes(of: configurationPath), as: UTF8.self)
    } catch let error as FileError where error.isMissing {
      return nil
    }
  }

  /// Writes the configuration; another one that is there is kept as `config-1.yaml`, `-2` and so on.
  ///
  /// - Parameter text: The resolved configuration as YAML.
  /// - Returns: The name under which the other configuration is kept; nil where there was none.
  /// - Throws: `FileError`; then the old configuration is still there under one of the names.
  public func writeConfiguration(_ text: String) throws -> String? {
    let old = try configuration()
    guard old != text else { return nil }
    var keptName: String?
    if let old {
      let name = try unusedConfigurationName()
      try AtomicFile.write(Array(old.utf8), to: path + "/" + name)
      keptName = name
    }
    try AtomicFile.write(Array(text.utf8), to: configurationPath)
    return keptName
  }

  /// Writes a picture to `images/step-000005000-NAME.png`.
  ///
  /// - Parameters:
  ///   - picture: The picture.
  ///   - name: What it shows, such as `reconstructions`.
  ///   - step: The number of finished training steps.
  /// - Throws: `FileError` or `ImageError`; an older picture of the name is then as it was.
  public func writePicture(_ picture: RGBImage, name: String, step: Int) throws {
    let path = "\(imagesPath)/\(Self.pictureName(ofStep: step))-\(name).png"
    try AtomicFile.write(try picture.pngBytes(name: path), to: path)
  }

  /// Whether there is a picture of a step.
  ///
  /// - Throws: `FileError`.
  public func hasPicture(ofStep step: Int) throws -> Bool {
    try pictureNames().contains { $0.hasPrefix(Self.pictureName(ofStep: step) + "-") }
  }

  /// The pictures of steps after `step`.
  ///
  /// - Throws: `FileError`.
  public func pictures(after step: Int) throws -> [String] {
    // Of equal width up to a step of ten digits, which no run reaches: names are in the order of steps.
    let last = Self.pictureName(ofStep: step)
    return try pictureNames().filter { $0.prefix(last.count) > last }.map { imagesPath + "/" + $0 }
  }

  private static func pictureName(ofStep step: Int) -> String {
    "step-" + zeroPadded(step, digitCount: 9)
  }

  private func pictureNames() throws -> [String] {
    guard FileSystem.isDirectory(imagesPath) else { return [] }
    return try FileSystem.names(in: imagesPath).filter { $0.hasPrefix("step-") }
  }

  /// What the log says about a configuration that takes the place of another.
  ///
  /// - Parameters:
  ///   - keptName: The name under which the other one is kept.
  ///   - differences: One text for every key that differs; may be empty where they are not known.
  /// - Returns: One line.
  public static func configurationNotice(keptName: String, differences: [String]) -> String {
    let notice = "the configuration is not that of the last start, which is kept as \(keptName)"
    return differences.isEmpty ? notice : notice + ": " + differences.joined(separator: "; ")
  }

  private func unusedConfigurationName() throws -> String {
    let names = Set(try FileSystem.names(in: path))
    var number = 1
    while names.contains("config-\(number).yaml") { number += 1 }
    return "config-\(number).yaml"
  }
}
