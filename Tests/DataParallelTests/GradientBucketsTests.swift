import Autodiff
import DataParallel
import Testing

struct GradientBucketsTests {
  /// Parameters of 20, 1, 40 and 16 elements at 0, 32, 48 and 96, in an arena of 112.
  private let arena: ParameterArena = {
    let arena = ParameterArena()
    let scope = ParameterScope(arena)
    for (index, count) in [20, 1, 40, 16].enumerated() {
      _ = scope[index].parameter("weight", [count], .constant(0))
    }
    return arena
  }()

  private func taken(_ buckets: inout GradientBuckets) -> [Int] {
    var taken: [Int] = []
    while let bucket = buckets.takeNext() { taken.append(bucket) }
    return taken
  }

  @Test(arguments: [1, 7, 16, 50, 111, 112, 113, 1000])
  func bucketsCoverTheArenaOnceFromItsEnd(bucketSize: Int) {
    let ranges = GradientBuckets(arena, bucketSize: bucketSize).ranges
    #expect(ranges.allSatisfy { !$0.isEmpty && $0.count <= bucketSize })
    #expect(ranges.reversed().flatMap(Array.init) == Array(0..<112))
  }

  @Test func aBucketWaitsForAllOfItsParametersAndForThoseBefore() {
    var buckets = GradientBuckets(arena, bucketSize: 50)
    #expect(buckets.ranges == [62..<112, 12..<62, 0..<12])
    for _ in 0..<2 {
      buckets.reset(arena)
      #expect(taken(&buckets) == [])
      buckets.complete(arena.parameters[0])
      buckets.complete(arena.parameters[3])
      // The last bucket is complete; the parameter at 48 reaches into both others.
      #expect(taken(&buckets) == [])
      buckets.complete(arena.parameters[2])
      #expect(taken(&buckets) == [0])
      #expect(!buckets.isEmpty)
      buckets.complete(arena.parameters[1])
      #expect(taken(&buckets) == [1, 2])
      #expect(buckets.isEmpty)
    }
  }

  /// A bucket with nothing but the gap behind a parameter is complete from the start.
  @Test func gapsWaitForNobody() {
    var buckets = GradientBuckets(arena, bucketSize: 8)
    buckets.complete(arena.parameters[3])
    #expect(taken(&buckets) == [0, 1, 2])
    #expect(buckets.ranges[2] == 88..<96)
  }
}
