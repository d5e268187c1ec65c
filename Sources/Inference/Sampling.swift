import ArrayFiles
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
  ///   - notice: Is told of choices, such as a checkpoint that is passed over.
  /// - Throws: The errors of their files; `CommandError.unfitData` when they do not fit together.
  public init(
    tokenizer: ModelSource, generator: ModelSource, precision: Precision = .float32,
    notice: Notice = { _ in }
  ) throws {
    RankThreads.setAutomatic()
    self.tokenizer = try LoadedTokenizer(tokenizer, precision: precision, notice: notice)
    self.generator = try LoadedGenerator(generator, precision: precision, notice: notice)
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
  /// An image depends on the seed, its class and its number among the images of the class; a class that is
  /// named again goes on counting.
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
  /// - Throws: The errors of files; `CommandError.unsupported` for more images than there is room for;
  ///   `NotFiniteLogits`, `NotFiniteOutput`.
  public func run(
    classes: [Int], countPerClass: Int, guidance: Guidance, choice: TokenChoice, seed: UInt64,
    output: String, codes: String?
  ) throws -> SampledImages {
    let target = try ImageOutput(path: output)
    try checkRoom(classCount: classes.count, countPerClass, target)
    if let codes { try OutputCheck.requireTwo(output, codes, option: "--codes") }
    try target.checkWritable()
    try codes.map(FileSystem.checkWritable)
    let samples = SampleIdentity.list(labels: classes, count: countPerClass)
    let key = RandomKey(seed: seed, purpose: .sampling)
    var writer = ImageSetWriter(target, columnCount: countPerClass)
    let clock = ContinuousClock()
    var tokens: [Int32] = []
    var (samplingTime, decodingTime) = (Duration.zero, Duration.zero)
    for start in stride(from: 0, to: samples.count, by: Self.batchSize) {
      let batch = Array(samples[start..<min(samples.count, start + Self.batchSize)])
      let begin = clock.now
      let sampled = try generator.model.sample(
        batch, guidance: guidance, choice: choice, key: key)
      samplingTime += clock.now - begin
      let decoding = clock.now
      let images = RGBImage.images(of: try tokenizer.model.images(of: sampled))
      decodingTime += clock.now - decoding
      try writer.add(
        images, names: batch.map { String(format: "class-%03d-%05ld", $0.label, $0.ordinal) })
      tokens += sampled.array(of: Int32.self)
    }
    try writer.finish()
    if let codes {
      try TokenSequences(tokens, tokenCount: generator.model.configuration.tokenCount)
        .write(to: codes)
    }
    return report(samples.count, samplingTime.inSeconds, decodingTime.inSeconds, output)
  }

  /// Refuses what can be seen beforehand not to fit the memory.
  private func checkRoom(classCount: Int, _ countPerClass: Int, _ target: ImageOutput) throws {
    let size = tokenizer.model.configuration.imageSize
    // A folder takes the images batch by batch; of them only the tokens stay.
    let perImage =
      generator.model.configuration.tokenCount * 4 + (target.kind == .folder ? 64 : 8 * size * size)
    let room = Int(ProcessInfo.processInfo.physicalMemory)
    do {
      _ = try claimedSize(
        product: [classCount, countPerClass, perImage], field: "images", of: "--count", limit: room)
    } catch {
      throw CommandError.unsupported(
        "--count \(countPerClass) of \(classCount) classes: the images do not fit the memory of "
          + "\(room) bytes: sample fewer at a time, or write to a folder")
    }
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
