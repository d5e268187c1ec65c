import ArrayFiles
import Dispatch
import Synchronization

/// An array with the name it is published under.
public struct NamedArray: Sendable, Hashable {
  /// The published name.
  public let name: String
  /// The size of each axis; empty for a single number.
  public let shape: [Int]
  /// The elements in row-major order.
  public let elements: [Float]

  /// An array of a name and a shape.
  ///
  /// - Precondition: The shape's product is the number of elements.
  public init(name: String, shape: [Int], elements: [Float]) {
    precondition(
      shape.reduce(1, *) == elements.count && !shape.contains { $0 < 0 },
      "array '\(name)': shape \(shape) does not hold \(elements.count) elements")
    self.name = name
    self.shape = shape
    self.elements = elements
  }
}

/// Writes the files of one checkpoint, one after the other, into its temporary directory.
public final class CheckpointWriter {
  private let directory: String
  private let failpoint: CheckpointFailpoint
  private var files: [WrittenFile] = []
  private let digestQueue = DispatchQueue(label: "file digests")

  init(directory: String, failpoint: @escaping CheckpointFailpoint) {
    self.directory = directory
    self.failpoint = failpoint
  }

  /// Writes one HDF5 file.
  ///
  /// `name` ends in `.h5`; `body` writes the file's tensors one after the other.
  /// - Throws: What `body` throws, `HDF5Error` or `FileError`.
  /// - Precondition: No file of this checkpoint has the name.
  public func write(file name: String, _ body: (CheckpointFileWriter) throws -> Void) throws {
    precondition(
      name.hasSuffix(".h5") && !name.contains("/") && !files.contains { $0.name == name },
      "checkpoint file '\(name)' is written twice or is not called NAME.h5")
    let path = directory + "/" + name
    let writer = try CheckpointFileWriter(path: path, name: name, failpoint: failpoint)
    let tensors = try writer.finish(after: body)
    try failpoint(.fileClosed(file: name))
    files.append(
      WrittenFile(
        name: name, size: try FileSystem.size(of: path), tensors: tensors,
        digest: FileDigest(of: path, on: digestQueue)))
  }

  /// What the manifest says of the files.
  ///
  /// - Throws: `FileError` when one cannot be read.
  func finish() throws -> [CheckpointManifest.File] {
    try files.map {
      CheckpointManifest.File(
        name: $0.name, size: $0.size, digest: try $0.digest.value().hexadecimal,
        tensors: $0.tensors)
    }
  }

  /// A complete file whose digest may not be known yet.
  private struct WrittenFile {
    let name: String
    let size: Int
    let tensors: [CheckpointManifest.Tensor]
    let digest: FileDigest
  }
}

/// Writes the tensors of one file of a checkpoint, one after the other.
public final class CheckpointFileWriter {
  private let file: HDF5File
  private let name: String
  private let failpoint: CheckpointFailpoint
  private let writeBack: EarlyWriteBack
  private var tensors: [CheckpointManifest.Tensor] = []

  fileprivate init(path: String, name: String, failpoint: @escaping CheckpointFailpoint) throws {
    file = try HDF5File(creating: path)
    writeBack = EarlyWriteBack(of: path)
    self.name = name
    self.failpoint = failpoint
  }

  fileprivate func finish(after body: (CheckpointFileWriter) throws -> Void) throws
    -> [CheckpointManifest.Tensor]
  {
    try body(self)
    try file.close()
    writeBack.advance()
    return tensors
  }

  /// Writes a tensor straight from memory that the caller owns.
  ///
  /// `bytes` are the float32 elements in row-major order; `tensor` is the published name, whose dots
  /// are part of the dataset's name.
  /// - Throws: `HDF5Error`, for example when the disk is full.
  /// - Precondition: The bytes are those of the shape; the name has no slash and is new in the file.
  public func write(_ tensor: String, shape: [Int], bytes: UnsafeRawBufferPointer) throws {
    precondition(
      !tensor.isEmpty && !tensor.contains("/") && !tensors.contains { $0.name == tensor },
      "tensor '\(tensor)' is written twice to \(name), is empty or has a slash")
    precondition(
      ArrayElementType.float32.byteCount(shape: shape) == bytes.count,
      "tensor '\(tensor)': shape \(shape) is not that of \(bytes.count) bytes")
    let dataset = try file.createDataset(tensor, type: .float32, shape: shape)
    try dataset.write(bytes, as: .float32)
    writeBack.advance()
    tensors.append(
      CheckpointManifest.Tensor(
        name: tensor, shape: shape, digest: ContentDigest.of(bytes).hexadecimal))
    try failpoint(.tensorWritten(file: name, tensor: tensor))
  }

  /// Writes a tensor.
  ///
  /// - Throws: `HDF5Error`, for example when the disk is full.
  /// - Precondition: As for raw bytes.
  public func write(_ array: NamedArray) throws {
    try array.elements.withUnsafeBytes {
      try write(array.name, shape: array.shape, bytes: $0)
    }
  }
}

/// The digest of a complete file, computed beside the writing of the next one.
///
/// The bytes are still in memory, so the disk is not asked for them.
private final class FileDigest: Sendable {
  private let result = Mutex<Result<ContentDigest, any Error>?>(nil)
  private let group = DispatchGroup()

  init(of path: String, on queue: DispatchQueue) {
    queue.async(group: group) { [self] in
      let digest = Result { try ContentDigest.ofFile(at: path) }
      result.withLock { $0 = digest }
    }
  }

  /// Waits for the digest.
  ///
  /// - Throws: `FileError` when the file could not be read.
  func value() throws -> ContentDigest {
    group.wait()
    guard let result = result.withLock({ $0 }) else {
      preconditionFailure("FileDigest: the queue did nothing")
    }
    return try result.get()
  }
}
