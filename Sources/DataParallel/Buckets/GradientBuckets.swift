package import Autodiff

/// The gradient arena cut into buckets, which become ready for the sum over ranks one by one.
///
/// A bucket is complete when the gradients of all parameters that reach into it are final. Buckets
/// are handed out from the end of the arena to its beginning, about the order of the backward pass,
/// and only in this order: so it is the same on all ranks, whatever their lanes' graphs are like.
package struct GradientBuckets {
  /// The buckets' elements, in the order in which they are handed out.
  package let ranges: [Range<Int>]
  private let elementCount: Int
  private let bucketSize: Int
  /// For each bucket, the parameters whose gradients are not final.
  private var openCounts: [Int] = []
  private var handedOutCount = 0

  /// Cuts an arena into buckets of `bucketSize` elements; the last one handed out may be smaller.
  package init(_ arena: ParameterArena, bucketSize: Int) {
    precondition(bucketSize > 0, "GradientBuckets: buckets of \(bucketSize) elements")
    self.bucketSize = bucketSize
    elementCount = arena.count
    ranges = stride(from: arena.count, to: 0, by: -bucketSize).map {
      max(0, $0 - bucketSize)..<$0
    }
    reset(arena)
  }

  /// Begins a backward pass: no gradient is final.
  package mutating func reset(_ arena: ParameterArena) {
    precondition(
      arena.count == elementCount,
      "GradientBuckets: an arena of \(arena.count) elements, cut for \(elementCount)")
    openCounts = Array(repeating: 0, count: ranges.count)
    for parameter in arena.parameters {
      for bucket in buckets(of: parameter) { openCounts[bucket] += 1 }
    }
    handedOutCount = 0
  }

  /// Notes that a parameter's gradient is final.
  package mutating func complete(_ parameter: Parameter) {
    for bucket in buckets(of: parameter) { openCounts[bucket] -= 1 }
  }

  /// The next bucket in order if it is complete, by its place in `ranges`.
  package mutating func takeNext() -> Int? {
    guard handedOutCount < ranges.count, openCounts[handedOutCount] == 0 else { return nil }
    defer { handedOutCount += 1 }
    return handedOutCount
  }

  /// Whether all buckets were handed out.
  package var isEmpty: Bool { handedOutCount == ranges.count }

  private func buckets(of parameter: Parameter) -> Range<Int> {
    guard !parameter.range.isEmpty else { return 0..<0 }
    let first = (elementCount - parameter.range.upperBound) / bucketSize
    let last = (elementCount - 1 - parameter.range.lowerBound) / bucketSize
    return first..<last + 1
  }
}
