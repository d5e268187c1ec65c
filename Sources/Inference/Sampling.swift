import ArrayFiles
public import Configurations
import DataParallel
import Datasets
import Foundation
public import HierarchicalGenerator
import ImageFiles
import Kernels
public import Reporting
import Tensors

/// What is sampled, how, and where it goes.
public struct SamplingRequest: Sendable {
  /// The class of each image, in the order of the output; a class that comes again goes on counting.
  public var labels: [Int]
  /// Classifier-free guidance.
  public var guidance: Guidance
  /// How tokens are chosen.
  public var choice: TokenChoice
  /// Seed of the draws.
  public var seed: UInt64
  /// A folder, a `.png` grid, `.npy` or `.npz`.
  public var output: String
  /// A `.npy` for the sampled tokens too.
  public var codes: String?
  /// Images in a row of a grid; nil for about as many columns as rows.
  public var columnCount: Int?

  /// A request.
  public init(
    labels: [Int], guidance: Guidance = .none, choice: TokenChoice = TokenChoice(),
    seed: UInt64 = 0, output: String, codes: String? = nil, columnCount: Int? = nil
  ) {
    (self.labels, self.guidance, self.choice, self.seed) = (labels, guidance, choice, seed)
    (self.output, self.codes, self.columnCount) = (output, codes, columnCount)
  }
}

/// Sampling of new images with a generator and the tokenizer that its codes come from.
public struct Sampling {
  /// Images that are sampled at a time; they do not depend on it.
  package var batchSize = 16

  private let tokenizer: LoadedTokenizer
  private let generator: LoadedGenerator
  private let precision: Precision

  /// Loads both models.
  ///
  /// - Parameters:
  ///   - tokenizer: The tokenizer, whose decoder makes the images.
  ///   - generator: The generator of its codes.
  ///   - precision: The operands of products.
  ///   - threadCount: Threads of this rank; those that the launcher gives it, or its cores, when nil.
  ///   - notice: Is told of choices, such as a checkpoint that is passed over.
  /// - Throws: The errors of their files; `CommandError.unfitData` when they do not fit together.
  public init(
    tokenizer: ModelSource, generator: ModelSource, precision: Precision = .float32,
    threadCount: Int? = nil, notice: Notice = { _ in }
  ) throws {
    RankThreads.set(threadCount)
    self.precision = precision
    self.tokenizer = try LoadedTokenizer(
      tokenizer, part: .decoder, precision: precision, notice: notice)
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

  /// Samples images and writes them.
  ///
  /// An image depends on the weights, the settings, the seed, its class and its number among the images of the
  /// class. Memory does not depend on how many they are, but for a few bytes each. Collective: every rank.
  ///
  /// - Parameters:
  ///   - request: What is sampled; its classes are those of the generator.
  ///   - context: The ranks.
  /// - Returns: Steps and times, those of this rank.
  /// - Throws: The errors of files and ranks; `CommandError.unsupported` for a grid of too many images;
  ///   `NotFiniteLogits`, `NotFiniteOutput`.
  public func run(
    _ request: SamplingRequest, _ context: OutputContext = OutputContext()
  ) throws -> SampledImages {
    let start = ContinuousClock.now
    let samples = SampleIdentity.list(labels: request.labels, count: 1)
    let output = try SharedOutput(try plan(request, samples), context)
    let key = RandomKey(seed: request.seed, purpose: .sampling)
    var times = SamplingTimes()
    _ = try output.run { block in
      var content = BlockContent()
      for first in stride(from: block.lowerBound, to: block.upperBound, by: batchSize) {
        let batch = Array(samples[first..<min(block.upperBound, first + batchSize)])
        let tokens = try times.sampling.add(batch.count) {
          try generator.model.sample(
            batch, guidance: request.guidance, choice: request.choice, key: key)
        }
        content.images += try times.decoding.add(batch.count) {
          RGBImage.images(of: try tokenizer.model.images(of: tokens))
        }
        content.codes += tokens.array(of: Int32.self)
      }
      return content
    }
    return SampledImages(
      output: request.output, imageCount: samples.count,
      stepCount: generator.model.order.steps.count,
      tokenCount: generator.model.configuration.tokenCount,
      seconds: (ContinuousClock.now - start).inSeconds,
      samplingSecondsPerImage: times.sampling.mean, decodingSecondsPerImage: times.decoding.mean)
  }

  /// Everything that the images of a request depend on, by name.
  public func facts(of request: SamplingRequest) -> [String: String] {
    let record = record(of: request)
    return record.facts.reduce(into: record.program) { $0[$1.name] = $1.value }
      .merging(["images": "\(record.imageCount)"], uniquingKeysWith: { $1 })
  }

  /// What the record of a request's images says, but for the digest of their pixels.
  public func record(of request: SamplingRequest) -> SamplingRecord {
    SamplingRecord(
      labels: request.labels.map { Int32($0) }, guidance: request.guidance, choice: request.choice,
      seed: request.seed, precision: precision,
      tokenOrder: generator.model.configuration.order.rawValue, tokenizerDigest: tokenizer.digest,
      generatorDigest: generator.digest,
      program: SharedOutput.programFacts(of: tokenizer))
  }

  private func plan(_ request: SamplingRequest, _ samples: [SampleIdentity]) throws -> OutputPlan {
    precondition(!request.labels.isEmpty, "Sampling: no images are asked for")
    let target = try ImageOutput(path: request.output)
    if let codes = request.codes {
      try OutputCheck.requireTwo(request.output, codes, option: "--codes")
    }
    let record = record(of: request)
    var facts = record.program
    for (name, value) in record.facts where name != "classes" && name != "labels_digest" {
      facts[name] = value
    }
    return OutputPlan(
      images: target, codes: request.codes, imageCount: samples.count,
      imageSize: tokenizer.model.configuration.imageSize,
      tokenCount: generator.model.configuration.tokenCount, columnCount: request.columnCount,
      labels: samples.map(\.label), record: record, facts: facts,
      name: { String(format: "class-%03d-%05ld", samples[$0].label, samples[$0].ordinal) },
      origin: { "\(samples[$0].label) \(samples[$0].ordinal)" })
  }
}

/// What this rank's images took.
private struct SamplingTimes {
  /// The time of one part of the work.
  struct Part {
    private var duration = Duration.zero
    private var imageCount = 0

    mutating func add<Result>(_ count: Int, _ work: () throws -> Result) rethrows -> Result {
      let start = ContinuousClock.now
      let result = try work()
      duration += ContinuousClock.now - start
      imageCount += count
      return result
    }

    /// Seconds an image; nil where none was made.
    var mean: Double? { imageCount > 0 ? duration.inSeconds / Double(imageCount) : nil }
  }

  var sampling = Part()
  var decoding = Part()
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
  /// Seconds from the beginning to the end, without the loading of the models.
  public var seconds: Double
  /// Seconds of the generator for an image on this rank; nil where it made none.
  public var samplingSecondsPerImage: Double?
  /// Seconds of the tokenizer's decoder for an image on this rank; nil where it made none.
  public var decodingSecondsPerImage: Double?

  private enum CodingKeys: String, CodingKey {
    case output
    case imageCount = "images"
    case stepCount = "steps"
    case tokenCount = "tokens"
    case seconds
    case samplingSecondsPerImage = "sampling_s_per_image"
    case decodingSecondsPerImage = "decoding_s_per_image"
  }

  /// All figures in one line.
  public var description: String {
    let text = String(
      format: "%@: %ld images, %ld sampling steps for %ld tokens, %.1f s", output, imageCount,
      stepCount, tokenCount, seconds)
    guard let sampling = samplingSecondsPerImage, let decoding = decodingSecondsPerImage else {
      return text
    }
    return text
      + String(
        format: ", %.1f ms an image (%.1f ms generator, %.1f ms decoder)",
        1e3 * (sampling + decoding), 1e3 * sampling, 1e3 * decoding)
  }
}
