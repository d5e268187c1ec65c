import Foundation

/// The JSON header of a safetensors file.
///
/// Source: the format's description in the README of `huggingface/safetensors`.
struct SafetensorsHeader: Decodable {
  /// Where a tensor's bytes are, and what they are.
  struct Entry: Decodable {
    var dtype: String
    var shape: [Int]
    // The name is the format's.
    var dataOffsets: [Int]

    private enum CodingKeys: String, CodingKey {
      case dtype
      case shape
      case dataOffsets = "data_offsets"
    }
  }

  /// A key of the header: a tensor's name or `__metadata__`.
  struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }
  }

  static let metadataKey = "__metadata__"

  /// The format's limit, against headers that are made to exhaust memory.
  static let maximumSize = 100_000_000

  /// The format's names of element types.
  static let typeNames: [(name: String, type: ArrayElementType)] = [
    ("F64", .float64), ("F32", .float32), ("F16", .float16), ("BF16", .bfloat16), ("I64", .int64),
    ("I32", .int32), ("I16", .int16), ("I8", .int8), ("U64", .uint64), ("U32", .uint32),
    ("U16", .uint16), ("U8", .uint8), ("BOOL", .boolean),
  ]

  var metadata: [String: String] = [:]
  var entries: [String: Entry] = [:]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in container.allKeys {
      if key.stringValue == Self.metadataKey {
        metadata = try container.decode([String: String].self, forKey: key)
      } else {
        entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
      }
    }
  }

  /// Reads the header of a file and checks that its tensors tile the rest of the file.
  ///
  /// - Returns: The metadata and the tensors in the order of their bytes.
  /// - Throws: `ArrayFileError`.
  static func read(_ data: Data, path: String) throws -> (
    metadata: [String: String], tensors: [SafetensorsTensor]
  ) {
    guard data.count >= 8 else {
      throw malformed(path, "\(data.count) bytes are too few for a header")
    }
    let size = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard size <= maximumSize, Int(size) <= data.count - 8 else {
      throw malformed(
        path, "the header claims \(size) bytes, the file has \(data.count - 8) after its length")
    }
    let text = data[8..<8 + Int(size)]
    guard text.first == UInt8(ascii: "{") else {
      throw malformed(path, "the header does not begin with '{'")
    }
    let header: SafetensorsHeader
    do {
      header = try JSONText.decode(SafetensorsHeader.self, from: text)
    } catch let error as DecodingError {
      throw malformed(path, "the header is not as the format says: \(summary(error))")
    }
    let tensors = try header.tensors(in: data.dropFirst(8 + Int(size)), path: path)
    return (header.metadata, tensors)
  }

  /// Cuts the data at the entries' offsets.
  private func tensors(in data: Data, path: String) throws -> [SafetensorsTensor] {
    let sorted = entries.sorted {
      ($0.value.dataOffsets, $0.key) < ($1.value.dataOffsets, $1.key)
    }
    var end = 0
    var tensors: [SafetensorsTensor] = []
    for (name, entry) in sorted {
      guard let type = Self.typeNames.first(where: { $0.name == entry.dtype })?.type else {
        throw ArrayFileError(
          file: path, array: name, problem: "element type '\(entry.dtype)' is not known",
          advice: "Convert the tensor to one of "
            + Self.typeNames.map(\.name).joined(separator: " ") + ".")
      }
      guard let byteCount = type.byteCount(shape: entry.shape) else {
        throw Self.malformed(
          path, "shape \(entry.shape) is negative or exceeds this machine's memory", name)
      }
      guard entry.dataOffsets.count == 2 else {
        throw Self.malformed(
          path, "data_offsets has \(entry.dataOffsets.count) numbers, not 2", name)
      }
      let (lower, upper) = (entry.dataOffsets[0], entry.dataOffsets[1])
      guard lower <= upper, upper <= data.count else {
        throw Self.malformed(
          path, "data_offsets [\(lower), \(upper)] do not lie in the \(data.count) bytes of data",
          name)
      }
      guard lower == end else {
        throw Self.malformed(
          path,
          lower < end
            ? "its data begins at \(lower), inside the tensor before it, which ends at \(end)"
            : "nothing is said about the \(lower - end) bytes before its data", name)
      }
      guard upper - lower == byteCount else {
        throw Self.malformed(
          path, "\(upper - lower) bytes, shape \(entry.shape) of \(type) needs \(byteCount)", name)
      }
      end = upper
      let start = data.startIndex + lower
      tensors.append(
        SafetensorsTensor(
          name: name, elementType: type, shape: entry.shape, origin: path,
          data: data[start..<start + byteCount]))
    }
    guard end == data.count else {
      throw Self.malformed(path, "\(data.count - end) bytes follow the last tensor")
    }
    return tensors
  }

  private static func malformed(_ path: String, _ problem: String, _ name: String? = nil)
    -> ArrayFileError
  {
    ArrayFileError(file: path, array: name, problem: problem, advice: damagedFileAdvice)
  }

  static func summary(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
      "'\(place(context))' has no '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "'\(place(context))': \(context.debugDescription)"
    case .dataCorrupted(let context):
      "'\(place(context))': \(context.debugDescription)"
    @unknown default:
      "\(error)"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    context.codingPath.map(\.stringValue).joined(separator: ".")
  }
}

/// Offsets compare as pairs; a malformed entry sorts somewhere and is refused after.
private func < (left: ([Int], String), right: ([Int], String)) -> Bool {
  left.0 == right.0 ? left.1 < right.1 : left.0.lexicographicallyPrecedes(right.0)
}
