import Foundation

/// Named tensors in the safetensors format.
///
///     8 bytes: header size N, little-endian | N bytes: JSON header | the tensors' bytes
///
/// Source: the format's description in the README of `huggingface/safetensors`.
public struct SafetensorsFile: Sendable {
  /// The path of the file.
  public let path: String
  /// The free-form text stored with the tensors.
  public let metadata: [String: String]
  /// The tensors' names in the order of their bytes.
  public let names: [String]
  private let tensors: [String: SafetensorsTensor]

  /// Opens a file, whose tensors are mapped into memory and read when they are used.
  ///
  /// - Throws: `FileError` when the file cannot be read; `ArrayFileError` when the header is
  ///   malformed or its tensors do not fill the file without holes and overlaps.
  public init(contentsOf path: String) throws {
    try self.init(data: fileContent(at: path), path: path)
  }

  /// Reads the bytes of a safetensors file.
  ///
  /// `name`: what to call the bytes in messages.
  /// - Throws: `ArrayFileError`, as for a file.
  public init(decoding bytes: [UInt8], name: String) throws {
    try self.init(data: Data(bytes), path: name)
  }

  init(data: Data, path: String) throws {
    let content = try SafetensorsHeader.read(data, path: path)
    self.path = path
    metadata = content.metadata
    names = content.tensors.map(\.name)
    tensors = Dictionary(uniqueKeysWithValues: content.tensors.map { ($0.name, $0) })
  }

  /// Whether there is a tensor of this name.
  public func hasTensor(_ name: String) -> Bool { tensors[name] != nil }

  /// The tensor of a name.
  ///
  /// - Throws: `ArrayFileError` when there is none.
  public func tensor(_ name: String) throws -> SafetensorsTensor {
    guard let tensor = tensors[name] else {
      throw ArrayFileError(
        file: path, array: name, problem: "there is no such tensor among \(names.count)",
        advice: "Check that the file is of the model and version expected.")
    }
    return tensor
  }

  /// Publishes tensors as a file; equal tensors and metadata give equal bytes.
  ///
  /// The header's size is a multiple of 8 and wider elements come first, so every tensor is aligned.
  /// - Throws: `FileError`; then the old file is as it was.
  /// - Precondition: The names differ, and none is `__metadata__`.
  public static func write(
    _ tensors: [SafetensorsTensor], metadata: [String: String] = [:], to path: String
  ) throws {
    let sorted = sorted(tensors)
    let header = try header(sorted, metadata)
    try AtomicFile.write(to: path) { writer in
      try writer.write(header)
      for tensor in sorted { try tensor.withUnsafeBytes { try writer.write($0) } }
    }
  }

  /// Tensors as the bytes of a file, as `write` writes them.
  ///
  /// - Precondition: The names differ, and none is `__metadata__`.
  public static func encoded(_ tensors: [SafetensorsTensor], metadata: [String: String] = [:])
    throws -> [UInt8]
  {
    let sorted = sorted(tensors)
    return try sorted.reduce(into: header(sorted, metadata)) { bytes, tensor in
      tensor.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
  }

  private static func sorted(_ tensors: [SafetensorsTensor]) -> [SafetensorsTensor] {
    let names = Set(tensors.map(\.name))
    precondition(
      names.count == tensors.count && !names.contains(SafetensorsHeader.metadataKey),
      "safetensors: the names of the tensors are not unique, or one is __metadata__")
    return tensors.sorted {
      ($1.elementType.byteCount, $0.name) < ($0.elementType.byteCount, $1.name)
    }
  }

  private static func header(_ tensors: [SafetensorsTensor], _ metadata: [String: String]) throws
    -> [UInt8]
  {
    var fields: [String] = []
    if !metadata.isEmpty {
      let pairs = try metadata.sorted { $0.key < $1.key }
        .map { "\(try quoted($0.key)):\(try quoted($0.value))" }
      fields.append(
        "\(try quoted(SafetensorsHeader.metadataKey)):{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      let type = SafetensorsHeader.typeNames.first { $0.type == tensor.elementType }?.name ?? ""
      let end = offset + tensor.withUnsafeBytes { $0.count }
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      fields.append(
        "\(try quoted(tensor.name)):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var text = Array("{\(fields.joined(separator: ","))}".utf8)
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    let size = UInt64(text.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + text
  }

  /// A string as JSON.
  private static func quoted(_ string: String) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return String(decoding: try encoder.encode(string), as: UTF8.self)
  }
}
