import ArrayFiles
import DataParallel
import Datasets
import Foundation
import ImageFiles
public import Reporting
import Tensors

/// Encoding, decoding and reconstruction of images in files, folders and arrays.
public enum ImageCommands {
  /// Images that are worked on at a time.
  private static let batchSize = 16

  /// Writes the tokens of images as a NumPy array, int32 `[images, tokens]`.
  ///
  /// - Throws: The errors of the model's and the images' files.
  public static func encode(
    _ paths: [String], with source: ModelSource, to output: String
  ) throws -> String {
    RankThreads.setAutomatic()
    let tokenizer = try LoadedTokenizer(source)
    let inputs = try ImageInputs(
      paths: paths, size: tokenizer.model.configuration.imageSize)
    let tokens = try batches(inputs.count).flatMap { range in
      tokenizer.model.tokens(of: try inputs.batch(range)).array(of: Int32.self)
    }
    let tokenCount = tokenizer.model.configuration.latents.count
    try TokenSequences(tokens, tokenCount: tokenCount).write(to: output)
    return
      (OmittedFile.summary(of: inputs.omitted)
      + ["\(output): \(inputs.count) x \(tokenCount) codes"]).joined(separator: "\n")
  }

  /// Writes the images of tokens.
  ///
  /// - Throws: The errors of the model's and the tokens' files.
  public static func decode(
    _ path: String, with source: ModelSource, to output: String
  ) throws -> String {
    RankThreads.setAutomatic()
    let tokenizer = try LoadedTokenizer(source)
    let target = try ImageOutput(path: output)
    let sequences = try sequences(path, tokenizer)
    var images: [RGBImage] = []
    for range in batches(sequences.sequenceCount) {
      let rows = range.flatMap { sequences.row($0) }
      images += RGBImage.images(
        of: tokenizer.model.images(
          of: Tensor(rows, shape: [range.count, sequences.tokenCount])))
    }
    try target.write(images)
    return "\(output): \(images.count) images"
  }

  private static func sequences(
    _ path: String, _ tokenizer: LoadedTokenizer
  ) throws -> TokenSequences {
    let configuration = tokenizer.model.configuration
    let count = configuration.latents.count
    guard path.hasSuffix(".h5") else {
      return try TokenSequences(
        contentsOf: path, tokenCounts: count...count,
        vocabularySize: configuration.codebook.size)
    }
    let file = try CodesFile(path: path, tokenizerDigest: tokenizer.digest)
    let recipe = try file.cropRecipe(size: configuration.imageSize)
    let tokens = try (0..<file.sampleCount).flatMap {
      try file.codes(at: $0, crop: recipe.centreIndex).map(Int32.init)
    }
    return TokenSequences(tokens, tokenCount: file.description.tokenCount)
  }

  /// Encodes and decodes images, and scores what comes back.
  ///
  /// - Throws: The errors of the model's and the images' files; `CommandError.unsupported` for a
  ///   prefix that is not one of the levels' ends.
  public static func reconstruct(
    _ paths: [String], with source: ModelSource, keepCount: Int?, to output: String
  ) throws -> ReconstructedImages {
    RankThreads.setAutomatic()
    let tokenizer = try LoadedTokenizer(source)
    let configuration = tokenizer.model.configuration
    if let keepCount, !(1...configuration.latents.count).contains(keepCount) {
      throw CommandError.unsupported(
        "--keep \(keepCount): the tokenizer has \(configuration.latents.count) tokens")
    }
    let target = try ImageOutput(path: output)
    let inputs = try ImageInputs(paths: paths, size: configuration.imageSize)
    var reconstructions: [RGBImage] = []
    var score = ReconstructionScore()
    for range in batches(inputs.count) {
      let batch = try inputs.batch(range)
      let results = RGBImage.images(
        of: tokenizer.model.images(
          of: tokenizer.model.tokens(of: batch), keepCount: keepCount))
      for (index, pair) in zip(range, zip(RGBImage.images(of: batch), results)) {
        score.add(index: index, original: pair.0, reconstruction: pair.1)
      }
      reconstructions += results
    }
    try target.write(reconstructions, names: inputs.names)
    let ratio = score.peakSignalToNoiseRatio ?? 0
    return ReconstructedImages(
      output: output, imageCount: inputs.count,
      tokenCount: keepCount ?? configuration.latents.count,
      peakSignalToNoiseRatio: ratio, omitted: inputs.omitted.map(\.description))
  }

  static func batches(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: batchSize).map { $0..<min(count, $0 + batchSize) }
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
  /// The peak signal-to-noise ratio, in decibels; a mean over images.
  public var peakSignalToNoiseRatio: Double
  /// What was in the folders and is no image of them, and why.
  public var omitted: [String]

  private enum CodingKeys: String, CodingKey {
    case output
    case imageCount = "images"
    case tokenCount = "tokens"
    case peakSignalToNoiseRatio = "psnr"
    case omitted = "left_out"
  }

  /// What was left out, a line each, and all figures in one line.
  public var description: String {
    omitted.map { "left out: \($0)\n" }.joined()
      + String(
        format: "%@: %ld reconstructions from %ld tokens each, PSNR %.2f dB", output, imageCount,
        tokenCount, peakSignalToNoiseRatio)
  }
}
