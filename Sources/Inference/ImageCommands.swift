import ArrayFiles
import DataParallel
import Datasets
import Foundation
public import ImageFiles
public import Reporting
import ResidualTokenizer
import Tensors

/// Encoding, decoding and reconstruction of images in files, folders and arrays, on any number of ranks.
///
/// Every image goes through the networks by itself, so that its bits do not depend on those beside it.
public enum ImageCommands {
  /// Writes the tokens of images as a NumPy array, int32 `[images, tokens]`.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: The errors of the model's and the images' files, and of ranks.
  public static func encode(
    _ paths: [String], with source: ModelSource, to output: String,
    orientation: ImageOrientation = .stored, threadCount: Int? = nil,
    context: OutputContext = OutputContext()
  ) throws -> String {
    RankThreads.set(threadCount)
    let tokenizer = try LoadedTokenizer(source, notice: context.tell)
    let inputs = try ImageInputs(
      paths: paths, size: tokenizer.model.configuration.imageSize, orientation: orientation)
    try OutputCheck.requireApart(output, from: paths.filter { !FileSystem.isDirectory($0) })
    let plan = plan(
      tokenizer, codes: output, imageCount: inputs.count,
      facts: ["command": "encode", "orientation": "\(orientation)"], origin: inputs.origin(of:))
    _ = try SharedOutput(plan, context).run { block in
      var content = BlockContent()
      for index in block {
        content.codes += try tokenizer.model.tokens(of: try inputs.batch(index..<index + 1))
          .array(of: Int32.self)
      }
      return content
    }
    return
      (OmittedFile.summary(of: inputs.omitted)
      + ["\(output): \(inputs.count) x \(plan.tokenCount) codes"]).joined(separator: "\n")
  }

  /// Writes the images of tokens.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: The errors of the model's and the tokens' files, and of ranks.
  public static func decode(
    _ path: String, with source: ModelSource, to output: String, threadCount: Int? = nil,
    context: OutputContext = OutputContext()
  ) throws -> String {
    RankThreads.set(threadCount)
    let target = try ImageOutput(path: output)
    let tokenizer = try LoadedTokenizer(source, part: .decoder, notice: context.tell)
    let sequences = try sequences(path, tokenizer, context)
    if FileSystem.isSame(output, as: path) { try OutputCheck.requireApart(output, from: [path]) }
    let plan = plan(
      tokenizer, images: target, imageCount: sequences.sequenceCount,
      facts: ["command": "decode"],
      origin: { index in
        var digest = ContentDigest()
        digest.update(elements: Array(sequences.row(index)))
        return digest.hexadecimal
      })
    _ = try SharedOutput(plan, context).run { block in
      var content = BlockContent()
      for index in block {
        content.images += RGBImage.images(
          of: try tokenizer.model.images(
            of: Tensor(Array(sequences.row(index)), shape: [1, sequences.tokenCount])))
      }
      return content
    }
    return "\(output): \(sequences.sequenceCount) images"
  }

  private static func sequences(
    _ path: String, _ tokenizer: LoadedTokenizer, _ context: OutputContext
  ) throws -> TokenSequences {
    let configuration = tokenizer.model.configuration
    let count = configuration.latents.count
    guard path.hasSuffix(".h5") else {
      return try TokenSequences(
        contentsOf: path, tokenCounts: count...count,
        vocabularySize: configuration.codebook.size)
    }
    let file = try CodesFile(path: path, tokenizerDigest: tokenizer.digest)
    for warning in file.warnings { context.tell(warning) }
    let recipe = try file.cropRecipe(size: configuration.imageSize)
    let tokens = try (0..<file.sampleCount).flatMap {
      try file.codes(at: $0, crop: recipe.centreIndex).map(Int32.init)
    }
    return TokenSequences(tokens, tokenCount: file.description.tokenCount)
  }

  /// Encodes and decodes images, and scores what comes back.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: The errors of the model's and the images' files, and of ranks; `CommandError.unsupported` for a
  ///   prefix that is not one of the levels' ends.
  public static func reconstruct(
    _ paths: [String], with source: ModelSource, keepCount: Int?, to output: String,
    orientation: ImageOrientation = .stored, threadCount: Int? = nil,
    context: OutputContext = OutputContext()
  ) throws -> ReconstructedImages {
    RankThreads.set(threadCount)
    let target = try ImageOutput(path: output)
    let tokenizer = try LoadedTokenizer(source, notice: context.tell)
    let configuration = tokenizer.model.configuration
    if let keepCount, !(1...configuration.latents.count).contains(keepCount) {
      throw CommandError.unsupported(
        "--keep \(keepCount): the tokenizer has \(configuration.latents.count) tokens")
    }
    let inputs = try ImageInputs(
      paths: paths, size: configuration.imageSize, orientation: orientation)
    try OutputCheck.requireApart(output, from: paths)
    let tokenCount = keepCount ?? configuration.latents.count
    let plan = plan(
      tokenizer, images: target, imageCount: inputs.count,
      facts: [
        "command": "reconstruct", "orientation": "\(orientation)", "tokens": "\(tokenCount)",
      ], name: { inputs.names[$0] }, origin: inputs.origin(of:))
    let records = try SharedOutput(plan, context).run { block in
      var content = BlockContent()
      for index in block {
        let batch = try inputs.batch(index..<index + 1)
        let results = RGBImage.images(
          of: try tokenizer.model.images(
            of: tokenizer.model.tokens(of: batch), keepCount: keepCount))
        for (original, result) in zip(RGBImage.images(of: batch), results) {
          content.meanSquaredErrors.append(
            PixelScore.meanSquaredError(original, result))
        }
        content.images += results
      }
      return content
    }
    let score = PixelScore(meanSquaredErrors: records.flatMap(\.meanSquaredErrors))
    return ReconstructedImages(
      output: output, imageCount: inputs.count, tokenCount: tokenCount,
      peakSignalToNoiseRatio: score.value, equalImageCount: score.equalCount,
      omitted: inputs.omitted.map(\.description))
  }

  private static func plan(
    _ tokenizer: LoadedTokenizer, images: ImageOutput? = nil, codes: String? = nil,
    imageCount: Int, facts: [String: String],
    name: ((Int) -> String)? = nil,
    origin: @escaping (Int) throws -> String
  ) -> OutputPlan {
    let configuration = tokenizer.model.configuration
    return OutputPlan(
      images: images, codes: codes, imageCount: imageCount, imageSize: configuration.imageSize,
      tokenCount: configuration.latents.count,
      facts: SharedOutput.programFacts(of: tokenizer).merging(
        facts.merging(["tokenizer": tokenizer.digest]) { $1 }, uniquingKeysWith: { $1 }),
      name: name, origin: origin)
  }
}

/// What `restok reconstruct` made, and its score.
public struct ReconstructedImages: CommandReport, Codable, Equatable {
  /// Where the images are.
  public var output: String
  /// How many they are.
  public var imageCount: Int
  /// Tokens of each that were decoded.
  public var tokenCount: Int
  /// The peak signal-to-noise ratio, in decibels: the mean over the images that differ from their originals; nil
  /// where none does.
  public var peakSignalToNoiseRatio: Double?
  /// Images that are equal to their originals, whose ratio is infinite.
  public var equalImageCount: Int
  /// What was in the folders and is no image of them, and why.
  public var omitted: [String]

  private enum CodingKeys: String, CodingKey {
    case output
    case imageCount = "images"
    case tokenCount = "tokens"
    case peakSignalToNoiseRatio = "psnr"
    case equalImageCount = "equal_images"
    case omitted = "left_out"
  }

  /// What was left out, a line each, and all figures in one line.
  public var description: String {
    let ratio = peakSignalToNoiseRatio.map { String(format: "%.2f dB", $0) } ?? "infinite"
    let equal = equalImageCount > 0 ? ", \(equalImageCount) equal to their originals" : ""
    return omitted.map { "left out: \($0)\n" }.joined()
      + "\(output): \(imageCount) reconstructions from \(tokenCount) tokens each, PSNR \(ratio)\(equal)"
  }
}
