import ArrayFiles
import Datasets
import Foundation
import ImageFiles
import TestSupport

/// Packs six image files twice, as the sets `sound` and `damaged`; in the latter one image is spoilt afterwards.
///
/// - Parameter folder: Where they go.
/// - Throws: The errors of files, and `CocoaError` where a shard is not as expected.
public func writeSoundAndDamagedSets(in folder: String) throws {
  var numbers = TestNumbers(seed: 3)
  try FileSystem.createDirectory(folder + "/images/one")
  for index in 0..<6 {
    let pixels = (0..<32 * 32 * 3).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
    let image = RGBImage(height: 32, width: 32, pixels: pixels)
    try image.writePNG(to: "\(folder)/images/one/\(index).png")
  }
  for name in ["sound", "damaged"] {
    _ = try ImagePacking(storage: .asIs).pack(folder + "/images", to: folder + "/" + name)
  }
  let sizes = try (0..<6).map { try FileSystem.size(of: "\(folder)/images/one/\($0).png") }
  try spoilImage(inSet: folder + "/damaged", byteCount: sizes.reduce(0, +))
}

/// Clears some bytes of the first PNG file's pixels, and makes the checksum of all `byteCount` bytes
/// and the digests fit: the disk is not to blame.
private func spoilImage(inSet folder: String, byteCount: Int) throws {
  guard let name = try FileSystem.names(in: folder).first(where: { $0.hasSuffix(".h5") }) else {
    throw CocoaError(.fileNoSuchFile)
  }
  let shard = URL(fileURLWithPath: folder + "/" + name)
  var bytes = try Data(contentsOf: shard)
  guard let signature = bytes.range(of: Data([0x89, 0x50, 0x4E, 0x47])) else {
    throw CocoaError(.fileReadCorruptFile)
  }
  let chunk = signature.lowerBound..<signature.lowerBound + byteCount
  let sum = chunk.upperBound..<chunk.upperBound + 4
  guard bytes[sum] == checksum(of: bytes[chunk]) else { throw CocoaError(.fileReadCorruptFile) }
  let pixels = chunk.lowerBound + 200..<chunk.lowerBound + 264
  bytes.replaceSubrange(pixels, with: Data(count: pixels.count))
  bytes.replaceSubrange(sum, with: checksum(of: bytes[chunk]))
  try bytes.write(to: shard)
  try agree(with: shard.path, in: folder)
}

/// The checksum that stands behind a chunk of the file.
private func checksum(of bytes: Data) -> Data {
  let value = [UInt8](bytes).withUnsafeBytes { Fletcher32.checksum($0) }
  return withUnsafeBytes(of: value.littleEndian) { Data($0) }
}
