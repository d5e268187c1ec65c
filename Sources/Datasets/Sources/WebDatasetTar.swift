package import ArrayFiles

/// The samples of a tar of the WebDataset format: files that stand one after the other and have one key.
///
/// The key is a member's path up to the first point of its last part, its ending the rest in lower case:
/// `img.0001.jpg` has the key `img` and the ending `0001.jpg`. Passed over are names without a point or with one at
/// their beginning, and those in `__…__` at the top.
package struct WebDatasetTar {
  /// What a sample's members make of it.
  package enum Verdict: Hashable {
    /// An image and its class.
    case image(Range<Int>, label: Int)
    /// No member is an image; the endings that are there.
    case noImage(endings: [String])
    /// No member says the class.
    case noClass
    /// What stands in place of a class.
    case badClass(String)
    /// Two members have one ending.
    case repeated(ending: String)
    /// The key has more bytes than are believed.
    case longKey
  }

  /// A sample.
  package struct Sample: Hashable {
    package let key: String
    package let verdict: Verdict
  }

  /// The samples in the order of the archive.
  package let samples: [Sample]
  /// Why the archive ends before its end; nil for a sound one.
  package let damage: ArrayFileError?
  /// The archive, open.
  package let file: RandomAccessFile

  /// Endings of images, those that are taken first in front.
  static let imageEndings = ["jpg", "png", "jpeg", "webp"]
  /// Largest label: far above any data set's, small enough for a list of classes.
  static let largestLabel = (1 << 20) - 1

  /// Finds the samples of an archive, and reads their classes.
  ///
  /// - Throws: `ArrayFileError` for what is no tar; `FileError`.
  package init(of path: String) throws {
    let directory = try TarDirectory(of: path)
    let file = try RandomAccessFile(path: path)
    (self.file, damage) = (file, directory.damage)
    var samples: [Sample] = []
    var group: (key: String, members: [(ending: String, range: Range<Int>)])?
    func end() throws {
      guard let group else { return }
      let isLong = group.key.utf8.count > SizeLimit.keyByteCount
      samples.append(
        Sample(
          key: group.key,
          verdict: isLong ? .longKey : try Self.verdict(on: group.members, of: file)))
    }
    for member in directory.members {
      guard let (key, ending) = Self.parts(of: member.name) else { continue }
      if group?.key != key {
        try end()
        group = (key, [])
      }
      group?.members.append((ending, member.range))
    }
    try end()
    self.samples = samples
  }

  /// Key and ending of a member's name; nil for one that is passed over.
  package static func parts(of name: String) -> (key: String, ending: String)? {
    let bytes = Array(name.utf8)
    let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
    guard let point = bytes[start...].firstIndex(of: UInt8(ascii: ".")), point > start,
      !isMetadata(bytes)
    else { return nil }
    let ending = String(decoding: bytes[(point + 1)...], as: UTF8.self)
    return (String(decoding: bytes[..<point], as: UTF8.self), ending.lowercased())
  }

  /// Whether the first part of a path begins and ends with two underscores.
  private static func isMetadata(_ path: [UInt8]) -> Bool {
    let first = path.prefix { $0 != UInt8(ascii: "/") }
    let marks = [UInt8](repeating: UInt8(ascii: "_"), count: 2)
    return first.count >= 4 && first.starts(with: marks) && first.suffix(2).elementsEqual(marks)
  }

  private static func verdict(
    on members: [(ending: String, range: Range<Int>)], of file: RandomAccessFile
  ) throws -> Verdict {
    var endings: Set<String> = []
    if let repeated = members.first(where: { !endings.insert($0.ending).inserted }) {
      return .repeated(ending: repeated.ending)
    }
    let image = imageEndings.lazy.compactMap { ending in
      members.first { $0.ending == ending }
    }.first
    guard let image else { return .noImage(endings: members.map(\.ending)) }
    guard let label = members.first(where: { $0.ending == "cls" }) else { return .noClass }
    // A number has few digits; a file that has many is none.
    let range = label.range.lowerBound..<min(label.range.upperBound, label.range.lowerBound + 64)
    let text = String(decoding: try file.bytes(in: range), as: UTF8.self)
    let digits = text.filter { !$0.isWhitespace }
    guard label.range.count <= 64, let number = Int(digits), (0...largestLabel).contains(number),
      text.split(whereSeparator: \.isWhitespace).count == 1
    else { return .badClass(text) }
    return .image(image.range, label: number)
  }
}
