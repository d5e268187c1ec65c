import ArrayFiles
import Foundation
import TestSupport
import Testing

@Suite("HDF5 chunks: own checksums, the library's bytes")
struct HDF5ChunkTests {
  /// As HDF5 1.10 `H5_checksum_fletcher32` computes it.
  private func reference(_ bytes: [UInt8]) -> UInt32 {
    var (first, second): (UInt32, UInt32) = (0, 0)
    func fold(_ sum: UInt32) -> UInt32 { (sum & 0xffff) + (sum >> 16) }
    var words = stride(from: 0, to: bytes.count, by: 2).map { place in
      UInt32(bytes[place]) << 8 | (place + 1 < bytes.count ? UInt32(bytes[place + 1]) : 0)
    }[...]
    while !words.isEmpty {
      for word in words.prefix(360) {
        first += word
        second += first
      }
      words = words.dropFirst(360)
      (first, second) = (fold(first), fold(second))
    }
    return fold(second) << 16 | fold(first)
  }

  private func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { Fletcher32.checksum($0) }
  }

  @Test func checksumsAreThoseOfTheLibrary() {
    var generator = SystemRandomNumberGenerator()
    for count in [0, 1, 2, 3, 31, 32, 33, 64, 719, 720, 11_519, 11_520, 11_521, 23_040, 100_001] {
      let random = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(checksum(random) == reference(random), "\(count) random bytes")
      for value in [UInt8(0), 1, 255] {
        let equal = [UInt8](repeating: value, count: count)
        #expect(checksum(equal) == reference(equal), "\(count) bytes of \(value)")
      }
    }
  }

  @Test func multiplesOf65535AreNotZero() {
    for bytes in [[0, 0], [255, 255], [0, 1, 255, 254], [128, 0, 127, 255]] as [[UInt8]] {
      #expect(checksum(bytes) == reference(bytes), "\(bytes)")
      #expect(checksum(bytes + [0, 0]) == reference(bytes + [0, 0]), "\(bytes) and zeros")
    }
  }

  /// Shapes whose chunks are whole, split on the first or a later axis, and cut off at the end.
  static let layouts: [(shape: [Int], layout: HDF5Layout)] = [
    ([1], .chunked), ([300_000], .chunked), ([700_001], .chunked), ([1000, 1000], .chunked),
    ([3, 700_000], .chunked), ([2, 3, 400_000], .chunked), ([7], .chunks([3])),
    ([5, 6], .chunks([2, 6])), ([5, 7], .chunks([1, 3])), ([3, 2, 5], .chunks([1, 1, 4])),
    ([4, 6], .chunks([2, 3])), ([4, 6], .chunks([2, 4])), ([8, 3], .contiguous),
  ]

  @Test(arguments: layouts.indices)
  func filesAreThoseOfTheLibrary(index: Int) throws {
    let (shape, layout) = Self.layouts[index]
    let elements = (0..<shape.reduce(1, *)).map { Float($0) / 3 }
    try withTemporaryDirectory { folder in
      func write(_ name: String, range: Range<Int>?) throws -> String {
        let path = folder + "/" + name
        let file = try HDF5File(creating: path)
        for dataset in ["first", "second"] {
          try file.createDataset(dataset, type: .float32, shape: shape, layout: layout)
            .write(elements, range: range)
        }
        try file.close()
        return path
      }
      // A range goes through the library.
      let own = try write("own.h5", range: nil)
      let library = try write("library.h5", range: 0..<shape[0])
      #expect(
        try Data(contentsOf: URL(fileURLWithPath: own))
          == Data(contentsOf: URL(fileURLWithPath: library)))
      let dataset = try HDF5File(reading: own).dataset("second")
      #expect(try dataset.read(as: Float.self) == elements)
      #expect(try dataset.read(as: Float.self, range: 0..<shape[0]) == elements)
    }
  }

  @Test func compressedChunksAreTheLibrarys() throws {
    try withTemporaryDirectory { folder in
      let elements = [Float](repeating: 2, count: 400_000)
      let file = try HDF5File(creating: folder + "/a.h5")
      try file.write("a", elements, deflateLevel: 1)
      try file.close()
      #expect(try HDF5File(reading: folder + "/a.h5").dataset("a").read() == elements)
    }
  }
}
