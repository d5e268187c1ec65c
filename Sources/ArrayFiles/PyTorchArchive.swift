import Foundation

/// The format of PyTorch 1.6 and later: a zip archive of stored entries.
///
///     NAME/data.pkl     the pickle
///     NAME/byteorder    "little", from PyTorch 2.1 on
///     NAME/data/KEY     the bytes of a storage
///
/// Source: PyTorch 2.13 `torch.serialization`, `_save`; `caffe2/serialize/inline_container.cc`.
enum PyTorchArchive {
  /// Whether a file begins as a zip archive does.
  static func isBegun(by data: Data) -> Bool { data.starts(with: ZipDirectory.signature) }

  /// Reads the pickle, and finds the storages that it refers to.
  ///
  /// - Throws: `ArrayFileError`, `SizeError`, `FormatProblem`.
  static func read(_ data: Data, path: String) throws -> PyTorchPickled {
    let archive = try ZipDirectory(data, path: path)
    let first = archive.entries.first?.name ?? ""
    let folder = first.prefix { $0 != "/" }
    guard let pickle = archive.entry("\(folder)/data.pkl") else {
      throw FormatProblem(
        "a zip archive without '\(VisibleText.name("\(folder)/data.pkl"))', which torch.save writes",
        advice: "Check that the file is the one meant.")
    }
    guard archive.entry("\(folder)/constants.pkl") == nil else {
      throw FormatProblem.refused("it is a program of TorchScript")
    }
    try requireLittleEndian(archive, folder: folder)
    var unpickler = Unpickler(try archive.content(of: pickle), source: path)
    let value = try unpickler.run()
    var storages: [String: Data] = [:]
    for (key, storage) in unpickler.graph.storages {
      storages[key] = try content(of: storage, in: archive, folder: folder)
    }
    return PyTorchPickled(value: value, graph: unpickler.graph, storages: storages)
  }

  private static func content(
    of storage: PyTorchStorage, in archive: ZipDirectory, folder: Substring
  ) throws -> Data {
    let name = VisibleText.name(storage.key)
    guard let entry = archive.entry("\(folder)/data/\(storage.key)") else {
      throw FormatProblem("storage '\(name)' is missing")
    }
    guard entry.content.count == storage.byteCount else {
      throw FormatProblem(
        "storage '\(name)' has \(entry.content.count) bytes, \(storage.elementCount) elements of "
          + "\(storage.elementType) need \(storage.byteCount)")
    }
    return try archive.content(of: entry)
  }

  private static func requireLittleEndian(_ archive: ZipDirectory, folder: Substring) throws {
    guard let entry = archive.entry("\(folder)/byteorder") else { return }
    let order = String(decoding: try archive.content(of: entry).prefix(16), as: UTF8.self)
    guard order == "little" else {
      throw FormatProblem(
        "its byte order is '\(VisibleText.name(order))', expected 'little'",
        advice: "Load the file in PyTorch on this machine and save it again.")
    }
  }
}
