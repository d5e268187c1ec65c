import Autodiff
public import FeatureNetworks
public import ImageFiles
import Tensors

/// What Inception-v3 sees in a batch of images.
public struct InceptionFeatures: Sendable, Equatable {
  /// Numbers of each kind of feature.
  public struct Sizes: Sendable, Equatable {
    /// Of the means over the last map, 2048 of the published network.
    public let pool: Int
    /// Of the first channels of a map in the middle, 2023.
    public let spatial: Int
    /// Of the logits, 1008.
    public let logits: Int

    /// The sizes of a network's features.
    public init(of network: FrozenNetwork<Inception>) {
      pool = network.network.poolWidth
      spatial = Inception.spatialSize
      logits = network.network.classCount
    }

    /// Numbers of an image.
    var total: Int { pool + spatial + logits }
  }

  /// Images.
  public let imageCount: Int
  /// Means over the last map, `[images, pool]`.
  public let pool: [Float]
  /// The first channels of a map in the middle, row, column, channel, `[images, spatial]`.
  public let spatial: [Float]
  /// Logits without their bias, `[images, logits]`.
  public let logits: [Float]

  /// Images that go through the network together: a batch of 64 would take gigabytes.
  private static let partSize = 8

  /// The features of images of any sizes, of which eight at a time go through the network together.
  ///
  /// How products round depends on the rows beside one: for equal bits take equal batches.
  ///
  /// - Parameters:
  ///   - images: At least one image.
  ///   - network: The network.
  public init(of images: [RGBImage], _ network: FrozenNetwork<Inception>) {
    precondition(!images.isEmpty, "InceptionFeatures: a batch of no images")
    imageCount = images.count
    let size = InceptionInput.size
    var parts: (pool: [Float], spatial: [Float], logits: [Float]) = ([], [], [])
    for start in stride(from: 0, to: images.count, by: Self.partSize) {
      let part = images[start..<min(start + Self.partSize, images.count)]
      let inputs = part.flatMap {
        InceptionInput.normalized($0.pixels, height: $0.height, width: $0.width)
          .array(of: Float.self)
      }
      let features = network.network(
        Variable(
          constant: Tensor(inputs, shape: [part.count, size, size, 3]),
          on: Tape(isRecording: false)))
      parts.pool += features.pool.value.array(of: Float.self)
      parts.spatial += features.spatial.value.array(of: Float.self)
      parts.logits += features.logits.value.array(of: Float.self)
    }
    (pool, spatial, logits) = parts
  }

  /// The features in a message of numbers, one kind behind the other.
  ///
  /// - Precondition: The message is one of `numbers` with these sizes.
  package init(_ numbers: [Float], _ sizes: Sizes) {
    precondition(
      numbers.count.isMultiple(of: sizes.total),
      "InceptionFeatures: \(numbers.count) numbers in images of \(sizes.total)")
    imageCount = numbers.count / sizes.total
    let (first, second) = (imageCount * sizes.pool, imageCount * (sizes.pool + sizes.spatial))
    pool = Array(numbers[..<first])
    spatial = Array(numbers[first..<second])
    logits = Array(numbers[second...])
  }

  /// All features, one kind behind the other.
  package var numbers: [Float] { pool + spatial + logits }
}
