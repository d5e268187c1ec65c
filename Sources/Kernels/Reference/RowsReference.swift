/// Naive loops over rows with one number a channel.
package enum RowsReference {
  /// x + factor·branch, with a factor by channel.
  package static func addScaled(_ x: [Double], _ branch: [Double], scale: [Double]) -> [Double] {
    x.indices.map { x[$0] + scale[$0 % scale.count] * branch[$0] }
  }

  /// The sum of all rows of `channelCount`.
  package static func sum(_ x: [Double], channelCount: Int) -> [Double] {
    var sum = [Double](repeating: 0, count: channelCount)
    for (index, value) in x.enumerated() { sum[index % channelCount] += value }
    return sum
  }
}
