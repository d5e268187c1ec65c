/// Pickles made by hand, and files of PyTorch around them.
enum PickleBytes {
  static let stop: [UInt8] = [UInt8(ascii: ".")]
  static let emptyList: [UInt8] = [UInt8(ascii: "]")]
  static let emptyDictionary: [UInt8] = [UInt8(ascii: "}")]

  static func text(_ text: String) -> [UInt8] {
    [UInt8(ascii: "X")] + StoredArchive.littleEndian(text.utf8.count, byteCount: 4)
      + Array(text.utf8)
  }

  static func integer(_ number: Int) -> [UInt8] {
    [0x8A, 8] + StoredArchive.littleEndian(number, byteCount: 8)
  }

  static func tuple(_ parts: [[UInt8]]) -> [UInt8] {
    [UInt8(ascii: "(")] + parts.flatMap { $0 } + [UInt8(ascii: "t")]
  }

  static func put(_ key: UInt8) -> [UInt8] { [UInt8(ascii: "q"), key] }

  static func get(_ key: UInt8) -> [UInt8] { [UInt8(ascii: "h"), key] }

  static func global(_ module: String, _ name: String) -> [UInt8] {
    [UInt8(ascii: "c")] + Array("\(module)\n\(name)\n".utf8)
  }

  static func call(_ module: String, _ name: String, _ arguments: [[UInt8]]) -> [UInt8] {
    global(module, name) + tuple(arguments) + [UInt8(ascii: "R")]
  }

  /// A storage of `elementCount` elements under a key.
  static func storage(_ elementCount: Int, type: String = "FloatStorage", key: String = "0")
    -> [UInt8]
  {
    tuple([
      text("storage"), global("torch", type), text(key), text("cpu"), integer(elementCount),
    ]) + [UInt8(ascii: "Q")]
  }

  static func tensor(
    _ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]
  ) -> [UInt8] {
    call(
      "torch._utils", "_rebuild_tensor_v2",
      [
        storage, integer(offset), tuple(shape.map(integer)), tuple(strides.map(integer)), [0x89],
        call("collections", "OrderedDict", []),
      ])
  }

  /// A pickle of a value.
  static func pickle(_ value: [UInt8]) -> [UInt8] { [0x80, 2] + value + stop }

  /// A file in the zip format with a pickle of a value and storages.
  static func file(_ value: [UInt8], storages: [String: [UInt8]] = [:]) -> [UInt8] {
    StoredArchive.bytes(
      [StoredArchive.Entry("a/data.pkl", pickle(value))]
        + storages.sorted { $0.key < $1.key }.map { StoredArchive.Entry("a/data/\($0)", $1) })
  }
}
