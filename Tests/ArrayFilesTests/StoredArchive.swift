/// Zip archives made by hand, sound ones and others.
enum StoredArchive {
  /// An entry, with what the archive says of it.
  struct Entry {
    var name: String
    var content: [UInt8]
    /// The size that the archive claims; the content's if nil.
    var claimedSize: Int?
    var method = 0
    var flags = 0
    var checksum: UInt32?
    /// Where the directory says that it is; where it is if nil.
    var claimedOffset: Int?
    /// Whether the directory has sizes and place in 64 bits, as beyond 4 GiB.
    var isWide = false

    init(
      _ name: String, _ content: [UInt8], claimedSize: Int? = nil, method: Int = 0, flags: Int = 0,
      checksum: UInt32? = nil, claimedOffset: Int? = nil, isWide: Bool = false
    ) {
      self.name = name
      self.content = content
      self.claimedSize = claimedSize
      self.method = method
      self.flags = flags
      self.checksum = checksum
      self.claimedOffset = claimedOffset
      self.isWide = isWide
    }

    /// What stands before the content and in the directory too.
    func fields(size: Int, extraSize: Int) -> [UInt8] {
      let size = littleEndian(size, byteCount: 4)
      var fields: [UInt8] = [20, 0]
      fields += littleEndian(flags, byteCount: 2) + littleEndian(method, byteCount: 2)
      fields += [0, 0, 0, 0]
      fields += littleEndian(
        Int(checksum ?? StoredArchive.checksum(content)), byteCount: 4)
      fields += size + size
      fields += littleEndian(name.utf8.count, byteCount: 2)
      return fields + littleEndian(extraSize, byteCount: 2)
    }

    /// Header and content.
    var local: [UInt8] {
      var bytes: [UInt8] = [0x50, 0x4B, 3, 4]
      bytes += fields(size: claimedSize ?? content.count, extraSize: 0)
      return bytes + Array(name.utf8) + content
    }

    /// What the directory says of the entry, which lies at an offset.
    func central(at offset: Int) -> [UInt8] {
      let (size, place) = (claimedSize ?? content.count, claimedOffset ?? offset)
      let limit = Int(UInt32.max)
      var extra: [UInt8] = []
      if isWide {
        // A field of another kind comes first.
        extra += [0x55, 0x54, 1, 0, 7, 1, 0, 24, 0] + littleEndian(size, byteCount: 8)
        extra += littleEndian(size, byteCount: 8) + littleEndian(place, byteCount: 8)
      }
      var bytes: [UInt8] = [0x50, 0x4B, 1, 2, 20, 0]
      bytes += fields(size: isWide ? limit : size, extraSize: extra.count)
      bytes += [UInt8](repeating: 0, count: 10)
      bytes += littleEndian(isWide ? limit : place, byteCount: 4)
      return bytes + Array(name.utf8) + extra
    }
  }

  static func littleEndian(_ value: Int, byteCount: Int) -> [UInt8] {
    (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// The bytes of an archive; `entryCount` is what it says of the number of entries.
  static func bytes(_ entries: [Entry], entryCount: Int? = nil) -> [UInt8] {
    var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
    for entry in entries {
      directory += entry.central(at: bytes.count)
      bytes += entry.local
    }
    let count = littleEndian(entryCount ?? entries.count, byteCount: 2)
    let directorySizes =
      littleEndian(directory.count, byteCount: 4) + littleEndian(bytes.count, byteCount: 4)
    bytes += directory
    bytes += [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
    bytes += count + count
    bytes += directorySizes
    bytes += [0, 0]
    return bytes
  }

  /// CRC-32 (ISO 3309), bit by bit.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in
        sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1
      }
    }
  }
}
