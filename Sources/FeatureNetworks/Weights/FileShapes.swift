import ArrayFiles

/// The shapes of a file's tensors, for the sizes of the network in it.
///
/// A tensor that is not there or gives no size that a network can have gives none: it will be listed among
/// those that are missing or ill-shaped.
struct FileShapes {
  private let shapes: [String: [Int]]

  /// No network has an axis of more elements; products of four such sizes fit in `Int`.
  private static let largestSize = 16_384

  init(of file: WeightsFile) {
    shapes = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.shape) })
  }

  /// The size of one axis of a tensor of some number of axes, if it is a possible one.
  func size(_ name: String, axis: Int, of axisCount: Int, largest: Int = largestSize) -> Int? {
    guard let shape = shapes[name], shape.count == axisCount, 1...largest ~= shape[axis] else {
      return nil
    }
    return shape[axis]
  }

  /// Whether there is a tensor of this name.
  func has(_ name: String) -> Bool { shapes[name] != nil }

  /// One more than the largest number that follows a prefix, as in `blocks.23.norm1.weight`.
  ///
  /// A number that the file has too few tensors for does not count.
  func count(after prefix: String) -> Int? {
    shapes.keys.compactMap { name -> Int? in
      guard name.hasPrefix(prefix) else { return nil }
      return Int(name.dropFirst(prefix.count).prefix { $0 != "." })
    }.filter { 0..<shapes.count ~= $0 }.max().map { $0 + 1 }
  }
}
