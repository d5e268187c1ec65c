import Tensors

/// Which image is sampled: the number of an image of its class.
///
/// Its random draws are keyed by both, so that the same class and number give the same image whatever else
/// is sampled with it.
public struct SampleIdentity: Sendable, Hashable {
  /// The class.
  public let label: Int32
  /// The number among the images of the class, from 0.
  public let ordinal: Int

  /// Names an image.
  public init(label: Int32, ordinal: Int) {
    self.label = label
    self.ordinal = ordinal
  }

  /// The identities of images of a list of classes; a class that comes again goes on counting.
  ///
  /// - Parameters:
  ///   - labels: The classes.
  ///   - count: Images of each.
  /// - Returns: The images of one class after those of the other.
  public static func list(labels: [Int], count: Int) -> [SampleIdentity] {
    var nextOrdinals: [Int: Int] = [:]
    return labels.flatMap { label in
      let first = nextOrdinals[label, default: 0]
      nextOrdinals[label] = first + count
      return (first..<first + count).map { SampleIdentity(label: Int32(label), ordinal: $0) }
    }
  }

  /// The key of the image's draws below that of all.
  func key(below key: RandomKey) -> RandomKey { key.child(Int(label)).child(ordinal) }
}
