public import Kernels

/// What random numbers are for: draws for different purposes are unrelated.
///
/// The raw values are part of what makes a run repeatable and never change.
public enum RandomPurpose: UInt32, Sendable, CaseIterable {
  /// The parameters of a new model.
  case initialisation = 1
  /// How many latent tokens a sample keeps.
  case nestedDropout = 2
  /// Dropout of activations.
  case dropout = 3
  /// Dropout of the generator's input embeddings.
  case tokenDropout = 4
  /// Labels replaced by "no class".
  case classDropout = 5
  /// Crops and flips of training images.
  case augmentation = 6
  /// The order of samples in an epoch.
  case shuffling = 7
  /// Tokens drawn from the generator's distribution.
  case sampling = 8
  /// Codes that are put back into use.
  case codebookRevival = 9
  /// Made-up images and labels for measurements.
  case synthesis = 10
  /// Tests.
  case test = 11
  /// What a discriminator is shown of its images: augmentation and window.
  case discriminatorInput = 12
  /// Shift and stretch of images before a perceptual loss.
  case perceptualJitter = 13
}

/// The name of a stream of random numbers: a pure function of seed, purpose, step and index.
///
/// A draw depends on the key and on its position in the stream only, never on the order of calls or
/// on the number of threads or ranks. The same key gives the same numbers again; distinct uses ask
/// for children.
public struct RandomKey: Sendable, Hashable {
  /// The stream of numbers that the key names.
  public let stream: PhiloxStream

  private init(_ stream: PhiloxStream) { self.stream = stream }

  /// Names a stream.
  ///
  /// - Parameters:
  ///   - seed: The run's seed.
  ///   - purpose: What the numbers are for.
  ///   - step: The training step, where the numbers change with it.
  ///   - index: The lane or sample, where the numbers change with it.
  public init(seed: UInt64, purpose: RandomPurpose, step: Int = 0, index: Int = 0) {
    let root = RandomKey(PhiloxStream(key: seed, stream: UInt64(purpose.rawValue)))
    self = root.child(step).child(index)
  }

  /// The key number `index` below this one, for instance of a layer or a sample.
  ///
  /// Its name is the image of (index, stream) under the key, with one bit of the key flipped so that
  /// it is none of the stream's own blocks.
  public func child(_ index: Int) -> RandomKey {
    let apart = PhiloxStream(key: stream.key ^ (1 << 63), stream: stream.stream)
    let words = apart.words(ofBlock: UInt64(bitPattern: Int64(index)))
    return RandomKey(
      PhiloxStream(
        key: UInt64(words.0) | UInt64(words.1) << 32,
        stream: UInt64(words.2) | UInt64(words.3) << 32))
  }

  /// The key below this one for a name (by its FNV-1a hash of 64 bits).
  public func child(named name: String) -> RandomKey {
    child(Int(Int64(bitPattern: fnv1a(name.utf8))))
  }
}
