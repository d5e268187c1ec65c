import ArrayFiles

/// A checkpoint on the disk, open for reading.
///
/// Every tensor is compared with its digest when it is read, so no damaged weight is ever used.
public final class Checkpoint {
  /// The checkpoint's directory.
  public let directory: String
  /// The checkpoint's manifest.
  public let manifest: CheckpointManifest
  private var openFiles: [String: HDF5File] = [:]

  /// Opens a checkpoint; of its files only the manifest is read and checked.
  ///
  /// - Throws: `CheckpointError` when the manifest is missing, damaged or of another version.
  public init(directory: String) throws {
    self.directory = directory
    manifest = try CheckpointManifest(directory: directory)
  }

  /// The names of the files, sorted.
  public var fileNames: [String] { manifest.files.map(\.name) }

  /// Name, shape and digest of each tensor of a file, in the order they were written.
  ///
  /// - Throws: `CheckpointError` when there is no such file.
  public func tensors(in file: String) throws -> [CheckpointManifest.Tensor] {
    guard let record = manifest.files.first(where: { $0.name == file }) else {
      throw CheckpointError.noSuchFile(directory: directory, file: file, found: fileNames)
    }
    return record.tensors
  }

  /// Reads a tensor straight into memory that the caller owns, as float32 in row-major order.
  ///
  /// - Throws: `CheckpointError` when there is no such tensor, the size does not fit, or the
  ///   elements are damaged; `HDF5Error` when the file is.
  public func read(
    _ tensor: String, from file: String, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let record = try self.record(of: tensor, in: file)
    let count = record.shape.reduce(1, *)
    guard buffer.count == count * MemoryLayout<Float>.stride else {
      throw CheckpointError.elementCount(
        directory: directory, file: file, tensor: tensor,
        expected: buffer.count / MemoryLayout<Float>.stride, found: count)
    }
    let opened =
      try openFiles[file] ?? HDF5File(reading: directory + "/" + file)
    openFiles[file] = opened
    try opened.dataset(tensor).read(into: buffer, as: .float32)
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
    var elements = [Float](repeating: 0, count: record.shape.reduce(1, *))
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
