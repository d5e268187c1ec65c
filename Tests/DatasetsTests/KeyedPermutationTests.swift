import Datasets
import Testing

@Suite struct KeyedPermutationTests {
  @Test func everyCountGivesAPermutation() {
    for count in Array(0...130) + [255, 256, 257, 1000, 1797, 4096] {
      for key in [0, 1, 0xDEAD_BEEF] as [UInt64] {
        let permutation = KeyedPermutation(count: count, key: key)
        let images = (0..<count).map { permutation[$0] }
        #expect(images.sorted() == Array(0..<count), "count \(count), key \(key)")
      }
    }
  }

  @Test func keysGiveDifferentOrders() {
    let orders = (0..<50).map { key in
      let permutation = KeyedPermutation(count: 20, key: UInt64(key))
      return (0..<20).map { permutation[$0] }
    }
    #expect(Set(orders).count == 50)
  }

  @Test func everyImageIsAboutEquallyLikely() {
    var counts = [[Int]](repeating: [Int](repeating: 0, count: 10), count: 10)
    for key in 0..<10_000 {
      let permutation = KeyedPermutation(count: 10, key: UInt64(key))
      for element in 0..<10 { counts[element][permutation[element]] += 1 }
    }
    // 1000 each on average, with a standard deviation of 30.
    #expect(counts.joined().allSatisfy { (850...1150).contains($0) })
  }

  @Test func aTrillionElementsTakeNoMemory() {
    let permutation = KeyedPermutation(count: 1_000_000_000_000, key: 7)
    let images = (0..<1000).map { permutation[$0] }
    #expect(Set(images).count == 1000)
    #expect(images.allSatisfy { (0..<1_000_000_000_000).contains($0) })
  }

  @Test func anElementBeyondTheCountIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) { _ = KeyedPermutation(count: 3, key: 0)[3] }
  }
}
