/// The mean over images of a figure that some of them may not have.
struct ImageMean: Sendable, Equatable {
  private(set) var count = 0
  private(set) var missingCount = 0
  private var sum = 0.0

  /// Adds the figure of an image, added in the order of the images; nil where it has none.
  mutating func add(_ value: Double?) {
    guard let value else { return missingCount += 1 }
    count += 1
    sum += value
  }

  /// The mean over all images; nil where one has no figure, or there is none.
  var value: Double? { missingCount == 0 && count > 0 ? sum / Double(count) : nil }
}
