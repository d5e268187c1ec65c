public import Configurations
import DataParallel
import Datasets
import Foundation
public import HierarchicalGenerator
import ImageFiles
public import Reporting
import Tensors

/// Sampling of new images with a generator and the tokenizer that its codes come from.
public struct Sampling {
  /// Images that are sampled at a time.
  private static let batchSize = 50

  private let tokenizer: LoadedTokenizer
  private let generator: LoadedGenerator

  /// Loads both models.
  ///
  /// - Parameters:
  ///   - tokenizer: The tokenizer, whose decoder makes the images.
  ///   - generator: The generator of its codes.
  ///   - precision: The operands of products.
  /// - Throws: The errors of their files; `CommandError.unfitData` when they do not fit together.
  public init(
    tokenizer: ModelSource, generator: ModelSource, precision: Precision = .float32
  ) throws {
    RankThreads.setAutomatic()
    self.tokenizer = try LoadedTokenizer(tokenizer, precision: precision)
    self.generator = try LoadedGenerator(generator, precision: precision)
    let (codes, model) = (self.tokenizer.model.configuration, self.generator.model.configuration)
    guard codes.latents.count == model.tokenCount, codes.codebook.size == model.vocabularySize
    else {
      throw CommandError.unfitData(
        "\(tokenizer.path) has \(codes.latents.count) tokens of \(codes.codebook.size) codes, "
          + "\(generator.path) predicts \(model.tokenCount) of \(model.vocabularySize): sample "
          + "with the tokenizer whose codes the generator was trained on")
    }
  }

  /// Classes of the generator.
  public var classCount: Int { generator.model.configuration.classCount }

  /// Samples `countPerClass` images of each class and writes them.
  ///
  /// - Parameters:
  ///   - classes: The classes, in the order of the output.
  ///   - countPerClass: Images of each.
  ///   - guidance: Classifier-free guidance.
  ///   - choice: How tokens are chosen.
  ///   - seed: Seed of the draws.
  ///   - output: A folder, a `.png` grid, `.npy` or `.npz`.
  ///   - codes: A `.npy` for the sampled tokens too.
  /// - Returns: Steps and times.
  /// - Throws: The errors of files; `NotFiniteLogits`.
  public func run(
    classes: [Int], countPerClass: Int, guidance: Guidance, choice: TokenChoice, seed: UInt64,
    output: String, codes: String?
  ) throws -> SampledImages {
    let target = try ImageOutput(path: output)
    let labels = classes.flatMap { [Int32](repeating: Int32($0), count: countPerClass) }
    let key = RandomKey(seed: seed, purpose: .sampling)
    let clock = ContinuousClock()
    var tokens: [Int32] = []
    var images: [RGBImage] = []
    var (samplingTime, decodingTime) = (Duration.zero, Duration.zero)
    for start in stride(from: 0, to: labels.count, by: Self.batchSize) {
      let range = start..<min(labels.count, start + Self.batchSize)
      let begin = clock.now
      let batch = try generator.model.sample(
        labels: Array(labels[range]), samples: Array(range), guidance: guidance, choice: choice,
        key: key)
      let sampled = clock.now
      images += RGBImage.images(of: tokenizer.model.images(of: batch))
      samplingTime += sampled - begin
      decodingTime += clock.now - sampled
      tokens += batch.array(of: Int32.self)
    }
    let names = labels.indices.map { index in
      String(format: "class-%03d-%05d", labels[index], index % countPerClass)
    }
    try target.write(images, names: names, columnCount: countPerClass)
    if let codes {
      try TokenSequences(tokens, tokenCount: generator.model.configuration.tokenCount)
        .write(to: codes)
    }
    return report(labels.count, samplingTime.inSeconds, decodingTime.inSeconds, output)
  }

  private func report(
    _ count: Int, _ samplingSeconds: Double, _ decodingSeconds: Double, _ output: String
  ) -> SampledImages {
    let stepCount = generator.model.order.steps.count
    let tokenCount = generator.model.configuration.tokenCount
    let perImage = samplingSeconds / Double(count)
    let decodingPerImage = decodingSeconds / Double(count)
    return SampledImages(
      output: output, imageCount: count, stepCount: stepCount, tokenCount: tokenCount,
      samplingSecondsPerImage: perImage, decodingSecondsPerImage: decodingPerImage)
  }
}

/// What `restok sample` made, and how long it took.
public struct SampledImages: CommandReport, Codable, Equatable {
  /// Where the images are.
  public var output: String
  /// How many they are.
  public var imageCount: Int
  /// Steps that the tokens of an image took.
  public var stepCount: Int
  /// Tokens of an image.
  public var tokenCount: Int
  /// Seconds of the generator for an image.
  public var samplingSecondsPerImage: Double
  /// Seconds of the tokenizer's decoder for an image.
  public var decodingSecondsPerImage: Double

  private enum CodingKeys: String, CodingKey {
    case output
    case imageCount = "images"
    case stepCount = "steps"
    case tokenCount = "tokens"
    case samplingSecondsPerImage = "sampling_s_per_image"
    case decodingSecondsPerImage = "decoding_s_per_image"
  }

  /// All figures in one line.
  public var description: String {
    String(
      format: "%@: %ld images, %ld sampling steps for %ld tokens, %.1f ms an image (%.1f ms "
        + "sampling, %.1f ms decoding)", output, imageCount, stepCount, tokenCount,
      1e3 * (samplingSecondsPerImage + decodingSecondsPerImage), 1e3 * samplingSecondsPerImage,
      1e3 * decodingSecondsPerImage)
  }
}
