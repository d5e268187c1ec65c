import ArrayFiles
import Foundation

/// Makes the manifest of a data set agree with a shard that was changed: its size and digest as they
/// are now, and the manifest's digest of itself.
///
/// - Parameters:
///   - path: The shard.
///   - folder: The data set's folder, with a manifest that was sound before.
/// - Throws: `CocoaError` where the manifest does not name the shard; `FileError`.
public func agree(with path: String, in folder: String) throws {
  let manifest = URL(fileURLWithPath: folder + "/dataset.json")
  let name = URL(fileURLWithPath: path).lastPathComponent
  let record = try ContentRecord(ofFile: path)
  var text = String(decoding: try Data(contentsOf: manifest), as: UTF8.self)
  guard
    let digest = text.firstMatch(of: /"manifest_digest" : "([0-9a-f]{16})"/).map({ $0.1 }),
    let entry = text.matches(
      of: /"byte_size" : [0-9]+,\s*"digest" : "xxh64:[0-9a-f]{16}",\s*"file" : "([^"]+)"/
    ).first(where: { $0.1 == name })
  else { throw CocoaError(.coderReadCorrupt) }
  let own = String(digest)
  text.replaceSubrange(
    entry.range,
    with: """
      "byte_size" : \(record.byteCount), "digest" : "xxh64:\(record.digest)", "file" : "\(name)"
      """)
  let changed = EmbeddedDigest.value(of: Array(text.utf8), without: own) ?? ""
  try Data(text.replacingOccurrences(of: own, with: changed).utf8).write(to: manifest)
}
