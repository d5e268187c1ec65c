import Foundation

/// A file of `torch.save`: tensors in dictionaries and lists, with numbers and texts beside them.
///
/// Endings are `.pth`, `.pt` and `.bin`. Both formats are read, that of PyTorch 1.6 and later (a zip
/// archive) and the one before. What is in the file is said by a pickle, which can call any function;
/// here it makes tensors, dictionaries, lists, numbers and texts, and everything else is refused
/// (`Unpickler`). The file is mapped into memory; elements are read when they are used.
///
/// Limits (`SizeLimit`): all tensors together, a storage that several share counted for each, take
/// at most `largestSharing` times the bytes of the file and `freeByteCount`.
public struct PyTorchFile: Sendable {
  /// The path of the file.
  public let path: String
  /// What was given to `torch.save`.
  public let content: PyTorchValue

  /// Bytes that the tensors of a file of any size may take, 64 MiB.
  public static let freeByteCount = 1 << 26
  /// Bytes of tensors, beyond `freeByteCount`, for every byte of the file.
  public static let largestSharing = 4

  /// Opens a file.
  ///
  /// - Throws: `FileError` when the file cannot be read; `ArrayFileError` or `SizeError` when it is
  ///   of another format, damaged, or wants more than tensors, dictionaries, lists, numbers and texts.
  public init(contentsOf path: String) throws {
    try self.init(data: fileContent(at: path), path: path)
  }

  /// Reads the bytes of a file.
  ///
  /// `name`: what to call the bytes in messages.
  /// - Throws: `ArrayFileError` or `SizeError`, as for a file.
  public init(decoding bytes: [UInt8], name: String) throws {
    try self.init(data: Data(bytes), path: name)
  }

  init(data: Data, path: String) throws {
    self.path = path
    let pickled: PyTorchPickled
    do {
      if PyTorchArchive.isBegun(by: data) {
        pickled = try PyTorchArchive.read(data, path: path)
      } else if let offset = PyTorchLegacyFormat.offsetBehindMagic(of: data) {
        pickled = try PyTorchLegacyFormat.read(data, at: offset, path: path)
      } else {
        throw Self.otherFormat(data)
      }
      try Self.requireBytes(pickled.graph, fileByteCount: data.count)
      var tree = PyTorchTree(pickled.graph, storages: pickled.storages)
      content = try tree.value(of: pickled.value)
    } catch let problem as FormatProblem {
      throw ArrayFileError(file: path, problem: problem.problem, advice: problem.advice)
    }
  }

  /// The value under some keys, one within the other; all of it for none.
  ///
  /// - Throws: `ArrayFileError` that lists the keys there are.
  public func value(at keys: [String]) throws -> PyTorchValue {
    try keys.reduce(content) { value, key in
      guard let inner = value[key] else {
        let known = value.keys.prefix(20).map { "'\(VisibleText.name($0))'" }
        throw ArrayFileError(
          file: path, array: keys.joined(separator: "."),
          problem: "there is no key '\(VisibleText.name(key))' in \(value.kind)",
          advice: known.isEmpty
            ? "Check that the file is the one meant."
            : "There are: \(known.joined(separator: ", ")).")
      }
      return inner
    }
  }

  /// All tensors below some keys, in the order of the file.
  ///
  /// A name is made of the keys below those given, with points between them. Numbers and texts are
  /// passed over.
  /// - Throws: `ArrayFileError` when there are no such keys, or a name occurs twice; `SizeError` when
  ///   a name is too long.
  public func tensors(at keys: [String] = []) throws -> [PyTorchTensor] {
    var tensors: [PyTorchTensor] = []
    var names: Set<String> = []
    try value(at: keys).forEachTensor { name, tensor in
      _ = try claimedSize(
        name.utf8.count, field: "the length of a tensor's name", of: path,
        limit: SizeLimit.tensorNameByteCount)
      guard names.insert(name).inserted else {
        throw ArrayFileError(
          file: path, array: name, problem: "it occurs twice", advice: damagedFileAdvice)
      }
      tensors.append(tensor.named(name))
    }
    return tensors
  }

  private static func requireBytes(_ graph: PickleGraph, fileByteCount: Int) throws {
    _ = try claimedSize(
      sum: graph.tensors.map { $0.elementCount * $0.storage.elementType.byteCount },
      field: "the bytes of all tensors", of: graph.source,
      limit: freeByteCount + largestSharing * fileByteCount)
  }

  private static func otherFormat(_ data: Data) -> FormatProblem {
    let start = String(decoding: data.prefix(24), as: UTF8.self)
    return FormatProblem(
      "it begins with '\(VisibleText.name(start))', as no file of torch.save does",
      advice: "Check the download: a pointer of Git LFS or a web page may stand in its place.")
  }
}

/// What both formats give: a pickle's value, and the bytes of the storages that it refers to.
struct PyTorchPickled {
  let value: PickleValue
  let graph: PickleGraph
  let storages: [String: Data]
}
