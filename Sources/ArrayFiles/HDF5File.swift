import CHDF5

/// An HDF5 file, either new and writable or existing and read-only.
///
/// HDF5 believes what stands in a file, and damage to it can end the process: nothing but a test opens
/// a file before its bytes were compared with a digest, or tried by a child process.
///
/// Files that are written are closed before anybody reads them, so HDF5's file locks, which many
/// network file systems refuse, are off. Objects carry no time stamps: equal content gives equal
/// bytes. May be used from several threads; all of HDF5 runs under one lock of the process.
public final class HDF5File: @unchecked Sendable {
  /// The path of the file.
  public let path: String
  /// Whether the file was created by this value.
  public let isWritable: Bool
  /// What the bytes were compared with when the file was opened; nil where nothing is known of them.
  public let record: ContentRecord?
  /// HDF5's handle, negative after `close`; guarded by the library's lock.
  private var handle: hid_t

  /// Creates a file, or empties the one that is there.
  ///
  /// - Throws: `HDF5Error`, for example when the folder does not exist.
  public convenience init(creating path: String) throws {
    try self.init(path: path, isWritable: true, record: nil)
  }

  /// Opens an existing file whose bytes are known from elsewhere, after comparing them.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - record: Size and digest that it must have.
  ///   - identity: The file that was compared with this record before: if it is still the one, it is
  ///     not read for that again.
  /// - Throws: `ContentMismatch` when it is another file or damaged: the library has not seen it then;
  ///   `FileError` or `HDF5Error` when it cannot be opened.
  public convenience init(
    reading path: String, matching record: ContentRecord,
    comparedBefore identity: FileIdentity? = nil
  ) throws {
    if try identity == nil || FileIdentity(of: path) != identity { try record.check(path) }
    try self.init(path: path, isWritable: false, record: record)
  }

  /// Opens an existing file that nothing else tells about.
  ///
  /// A file with a seal (`ContentSeal`) is compared with it. One without is first tried in a child
  /// process, since damage can end the library by a signal or keep it for ever; damage that the
  /// library can read past is then not found. `record` tells which.
  ///
  /// - Throws: `ContentMismatch` when the bytes are not those of the seal; `HDF5Error` when a file
  ///   without one is damaged or no HDF5 file; `FileError`.
  public convenience init(readingAlone path: String) throws {
    let record = try ContentSeal.checkedRecord(of: path)
    if record == nil { try HDF5Trial.run(path) }
    try self.init(path: path, isWritable: false, record: record)
  }

  /// Opens an existing file without a doubt about its bytes: one that was written a moment ago.
  ///
  /// - Throws: `HDF5Error` when the file is missing, not HDF5, or truncated.
  package convenience init(reading path: String) throws {
    try self.init(path: path, isWritable: false, record: nil)
  }

  private init(path: String, isWritable: Bool, record: ContentRecord?) throws {
    self.path = path
    self.isWritable = isWritable
    self.record = record
    let place = HDF5Place(file: path)
    handle = try HDF5Library.locked {
      try place.withFileAccess { access in
        let name = try SystemPath.characters(of: path, for: "open")
        return isWritable
          ? try place.check(
            "H5Fcreate",
            H5Fcreate(name, CHDF5_createOrTruncate(), CHDF5_defaultProperties(), access))
          : try place.check("H5Fopen", H5Fopen(name, CHDF5_openReadOnly(), access))
      }
    }
  }

  /// Writes everything out and closes the file; a second call does nothing.
  ///
  /// Bytes are then with the operating system; `FileSystem.synchronize` brings them to the disk.
  /// - Throws: `HDF5Error`, for example when the disk is full; the file is then worthless.
  public func close() throws {
    try HDF5Library.locked {
      guard handle >= 0 else { return }
      let closing = handle
      handle = -1
      let place = HDF5Place(file: path)
      do {
        if isWritable { try place.check("H5Fflush", H5Fflush(closing, H5F_SCOPE_GLOBAL)) }
      } catch {
        H5Fclose(closing)
        throw error
      }
      try place.check("H5Fclose", H5Fclose(closing))
    }
  }

  /// Closes the file and puts its seal behind it, so that it can be given alone.
  ///
  /// - Throws: `HDF5Error` or `FileError`, for example when the disk is full; the file is then
  ///   worthless.
  public func sealAndClose() throws {
    try close()
    try ContentSeal.append(to: path)
  }

  deinit {
    // The safety net for an error path; nothing written is trusted without an explicit `close`.
    try? close()
  }

  /// Whether the file has not been closed.
  var isOpen: Bool { HDF5Library.locked { handle >= 0 } }

  /// The attributes of the file as a whole.
  public var attributes: HDF5Attributes {
    HDF5Attributes(file: self, owner: nil) { try self.openHandle("attributes") }
  }

  /// HDF5's handle; to be used under the library's lock.
  ///
  /// - Throws: `HDF5Error` after `close`.
  func openHandle(_ operation: String, object: String? = nil) throws -> hid_t {
    guard handle >= 0 else {
      throw HDF5Place(file: path, object: object).failure(
        operation, "the file has been closed", advice: "Open it again before using it.")
    }
    return handle
  }

  /// Does `body` if the file can be written.
  func writing<Result>(
    _ operation: String, object: String, _ body: (hid_t) throws -> Result
  ) throws -> Result {
    try HDF5Library.locked {
      let handle = try openHandle(operation, object: object)
      guard isWritable else {
        throw HDF5Place(file: path, object: object).failure(
          operation, "the file is open for reading only",
          advice: "Write a new file and publish it under this name.")
      }
      return try body(handle)
    }
  }
}
