import ArrayFiles

/// A checkpoint on the disk, open for reading.
///
/// Every file is compared with its digest before it is opened, and every tensor when it is read, so no
/// damaged weight is ever used.
public final class Checkpoint {
  /// The checkpoint's directory.
  public let directory: String
  /// The checkpoint's manifest.
  public let manifest: CheckpointManifest
  private var openFiles: [String: HDF5File] = [:]
  private let comparedFiles: [String: FileIdentity]

  /// Opens a checkpoint; of its files only the manifest is read and checked.
  ///
  /// - Throws: `CheckpointError` when the manifest is missing, damaged or of another version.
  public init(directory: String) throws {
    self.directory = directory
    manifest = try CheckpointManifest(directory: directory)
    comparedFiles = [:]
  }

  /// Opens a checkpoint that has been verified; its files are not compared once more unless they were
  /// changed since.
  ///
  /// - Throws: `CheckpointError.damaged` when the verification found problems.
  public init(verified verification: CheckpointVerification) throws {
    try verification.requireSound()
    directory = verification.directory
    manifest = try verification.manifest ?? CheckpointManifest(directory: directory)
    comparedFiles = verification.comparedFiles
  }

  /// The names of the files, sorted.
  public var fileNames: [String] { manifest.files.map(\.name) }

  /// Name, shape and digest of each tensor of a file, in the order they were written.
  ///
  /// - Throws: `CheckpointError` when there is no such file.
  public func tensors(in file: String) throws -> [CheckpointManifest.Tensor] {
    try entry(of: file).tensors
  }

  private func entry(of file: String) throws -> CheckpointManifest.File {
    guard let entry = manifest.files.first(where: { $0.name == file }) else {
      throw CheckpointError.noSuchFile(directory: directory, file: file, found: fileNames)
    }
    return entry
  }

  /// A file of the manifest, open, after its size and its digest were compared.
  private func openFile(_ file: String) throws -> HDF5File {
    if let opened = openFiles[file] { return opened }
    do {
      let opened = try HDF5File(
        reading: directory + "/" + file, matching: try entry(of: file).record,
        comparedBefore: comparedFiles[file])
      openFiles[file] = opened
      return opened
    } catch let error as ContentMismatch {
      throw CheckpointError.damaged(
        directory: directory, problems: [.content(file: file, error)])
    } catch let error as FileError where error.isMissing {
      throw CheckpointError.damaged(directory: directory, problems: [.missingFile(file)])
    }
  }

  /// Reads a tensor straight into memory that the caller owns, as float32 in row-major order.
  ///
  /// - Throws: `CheckpointError` when there is no such tensor, the size does not fit, or the file or
  ///   the elements are damaged; `HDF5Error` or `FileError` when the file cannot be read.
  public func read(
    _ tensor: String, from file: String, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let record = try self.record(of: tensor, in: file)
    let count = record.elementCount
    guard buffer.count == count * MemoryLayout<Float>.stride else {
      throw CheckpointError.elementCount(
        directory: directory, file: file, tensor: tensor,
        expected: buffer.count / MemoryLayout<Float>.stride, found: count)
    }
    try openFile(file).dataset(tensor).read(into: buffer, as: .float32)
    let digest = ContentDigest.of(UnsafeRawBufferPointer(buffer)).hexadecimal
    guard digest == record.digest else {
      throw CheckpointError.damaged(
        directory: directory,
        problems: [
          .tensorDigest(file: file, tensor: tensor, expected: record.digest, found: digest)
        ])
    }
  }

  /// Reads a tensor.
  ///
  /// - Throws: As for memory that the caller owns.
  public func read(_ tensor: String, from file: String) throws -> NamedArray {
    let record = try self.record(of: tensor, in: file)
    // The file is there, so it holds as many bytes: memory may be taken.
    _ = try openFile(file)
    var elements = [Float](repeating: 0, count: record.elementCount)
    try elements.withUnsafeMutableBytes { try read(tensor, from: file, into: $0) }
    return NamedArray(name: tensor, shape: record.shape, elements: elements)
  }

  private func record(of tensor: String, in file: String) throws -> CheckpointManifest.Tensor {
    guard let record = try tensors(in: file).first(where: { $0.name == tensor }) else {
      throw CheckpointError.noSuchTensor(directory: directory, file: file, tensor: tensor)
    }
    return record
  }
}
