import Kernels
import Testing

@Suite struct SizeClassTests {
  /// Blocks are large enough, waste an eighth at most, and have places of their own in ascending order.
  @Test func smallSizesHaveTheirOwnPlaces() {
    var indices: [Int: Int] = [:]
    for byteCount in 1..<SizeClass.largeByteCount {
      let size = SizeClass.byteCount(for: byteCount)
      #expect(size >= byteCount && size - byteCount < max(64, byteCount / 8 + 1))
      indices[size] = SizeClass.index(of: size)
    }
    let places = indices.sorted { $0.key < $1.key }.map(\.value)
    #expect(places == Array(1...places.count))
    #expect(places.count < SizeClass.smallCount)
  }
}
