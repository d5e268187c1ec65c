/// Sets of so few images that a distance between distributions says little.
package enum SmallSets {
  /// A warning for every set that has no more images than features have dimensions.
  package static func warnings(_ counts: [(name: String, count: Int)], dimensions: [Int])
    -> [String]
  {
    let largest = dimensions.max() ?? 0
    return counts.filter { $0.count <= largest }.map { name, count in
      let below = dimensions.filter { count <= $0 }.map(String.init).joined(separator: " and ")
      return
        "\(name): \(count) images for features of \(below) dimensions: the covariance is singular, and "
        + "the distance far above that of many images; compare it with figures of as many alone"
    }
  }
}
