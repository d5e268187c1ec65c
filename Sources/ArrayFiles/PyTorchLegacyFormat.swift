import Foundation

/// The format before PyTorch 1.6: pickles and storages one after the other.
///
///     pickle: magic number | pickle: 1001 | pickle: the machine | pickle: the object |
///     pickle: keys of the storages | 8 bytes: number of elements, elements | …
///
/// Source: PyTorch 2.13 `torch.serialization`, `_legacy_save`, `_legacy_load`.
enum PyTorchLegacyFormat {
  private static let version = 1001

  /// The pickle of 0x1950A86A20F9469CFC6C without its protocol and frame.
  private static let magic: [UInt8] = [
    0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
  ]

  /// The offset behind the magic number, or nil where a file does not begin with it.
  static func offsetBehindMagic(of data: Data) -> Int? {
    let bytes = LittleEndianBytes(data)
    guard bytes.contains([PickleOpcode.proto.rawValue], at: 0) else { return nil }
    // From protocol 4 on the pickle's length may stand in front of it.
    let frameSize = 9
    let start = bytes.contains([PickleOpcode.frame.rawValue], at: 2) ? 2 + frameSize : 2
    return bytes.contains(magic, at: start) ? start + magic.count : nil
  }

  /// Reads everything behind the magic number.
  ///
  /// - Throws: `SizeError`, `FormatProblem`.
  static func read(_ data: Data, at offset: Int, path: String) throws -> PyTorchPickled {
    var number = Unpickler(data, at: offset, source: path)
    guard case .integer(Int64(version)) = try number.run() else {
      throw FormatProblem("the version of the format is another one than \(version)")
    }
    var machine = Unpickler(data, at: number.offset, source: path)
    try requireLittleEndian(machine.run(), machine.graph)
    var object = Unpickler(data, at: machine.offset, source: path)
    let value = try object.run()
    var keyList = Unpickler(data, at: object.offset, source: path)
    let keys = try keys(keyList.run(), keyList.graph)
    let storages = try storages(
      keys, described: object.graph.storages, in: LittleEndianBytes(data), at: keyList.offset)
    return PyTorchPickled(value: value, graph: object.graph, storages: storages)
  }

  private static func requireLittleEndian(_ value: PickleValue, _ graph: PickleGraph) throws {
    var tree = PyTorchTree(graph, storages: [:])
    guard case .boolean(true) = try tree.value(of: value)["little_endian"] else {
      throw FormatProblem(
        "it does not say that low bytes come first",
        advice: "Load the file in PyTorch on this machine and save it again.")
    }
  }

  private static func keys(_ value: PickleValue, _ graph: PickleGraph) throws -> [String] {
    var tree = PyTorchTree(graph, storages: [:])
    guard case .list(let keys) = try tree.value(of: value) else {
      throw FormatProblem("the keys of the storages are no list")
    }
    return try keys.map { key in
      guard case .text(let text) = key else { throw FormatProblem("a storage's key is no text") }
      return text
    }
  }

  /// The bytes of the storages, which follow each other to the end of the file.
  private static func storages(
    _ keys: [String], described: [String: PyTorchStorage], in bytes: LittleEndianBytes,
    at offset: Int
  ) throws -> [String: Data] {
    var offset = offset
    var storages: [String: Data] = [:]
    for key in keys {
      let name = VisibleText.name(key)
      guard let storage = described[key] else {
        throw FormatProblem("storage '\(name)' belongs to no tensor")
      }
      guard let count: UInt64 = bytes.number(at: offset), count == storage.elementCount else {
        throw FormatProblem(
          "storage '\(name)' at byte \(offset) has not the \(storage.elementCount) elements that "
            + "its tensors say")
      }
      guard let content = bytes.slice(at: offset + 8, byteCount: storage.byteCount) else {
        throw FormatProblem("the file is cut off in storage '\(name)' at byte \(offset)")
      }
      guard storages.updateValue(content, forKey: key) == nil else {
        throw FormatProblem("storage '\(name)' occurs twice")
      }
      offset += 8 + storage.byteCount
    }
    guard offset == bytes.count else {
      throw FormatProblem("\(bytes.count - offset) bytes follow the last storage")
    }
    return storages
  }
}
