import ArrayFiles
import DataParallel
import Datasets
import Foundation
public import ImageFiles
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
    _ paths: [String], with source: ModelSource, to output: String,
    orientation: ImageOrientation = .stored, notice: Notice = { _ in }
  ) throws -> String {
    RankThreads.setAutomatic()
    let tokenizer = try LoadedTokenizer(source, notice: notice)
    let inputs = try ImageInputs(
      paths: paths, size: tokenizer.model.configuration.imageSize, orientation: orientation)
    try OutputCheck.requireApart(output, from: paths.filter { !FileSystem.isDirectory($0) })
    try FileSystem.checkWritable(output)
    let tokens = try batches(inputs.count).flatMap { range in
      try tokenizer.model.tokens(of: try inputs.batch(range)).array(of: Int32.self)
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
    _ path: String, with source: ModelSource, to output: String, notice: Notice = { _ in }
  ) throws -> String {
    RankThreads.setAutomatic()
    let target = try ImageOutput(path: output)
    let tokenizer = try LoadedTokenizer(source, notice: notice)
    let sequences = try sequences(path, tokenizer, notice)
    if FileSystem.isSame(output, as: path) { try OutputCheck.requireApart(output, from: [path]) }
    try target.checkWritable()
    var writer = ImageSetWriter(target)
    for range in batches(sequences.sequenceCount) {
      let rows = range.flatMap { sequences.row($0) }
      try writer.add(
        RGBImage.images(
          of: tokenizer.model.images(
            of: Tensor(rows, shape: [range.count, sequences.tokenCount]))))
    }
    try writer.finish()
    return "\(output): \(sequences.sequenceCount) images"
  }

  private static func sequences(
    _ path: String, _ tokenizer: LoadedTokenizer, _ notice: Notice
  ) throws -> TokenSequences {
    let configuration = tokenizer.model.configuration
    let count = configuration.latents.count
    guard path.hasSuffix(".h5") else {
      return try TokenSequences(
        contentsOf: path, tokenCounts: count...count,
        vocabularySize: configuration.codebook.size)
    }
    let file = try CodesFile(path: path, tokenizerDigest: tokenizer.digest)
    for warning in file.warnings { notice(warning) }
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
    _ paths: [String], with source: ModelSource, keepCount: Int?, to output: String,
    orientation: ImageOrientation = .stored, notice: Notice = { _ in }
  ) throws -> ReconstructedImages {
    RankThreads.setAutomatic()
    let target = try ImageOutput(path: output)
    let tokenizer = try LoadedTokenizer(source, notice: notice)
    let configuration = tokenizer.model.configuration
    if let keepCount, !(1...configuration.latents.count).contains(keepCount) {
      throw CommandError.unsupported(
        "--keep \(keepCount): the tokenizer has \(configuration.latents.count) tokens")
    }
    let inputs = try ImageInputs(
      paths: paths, size: configuration.imageSize, orientation: orientation)
    try OutputCheck.requireApart(output, from: paths)
    try target.checkWritable()
    var writer = ImageSetWriter(target)
    var score = ReconstructionScore()
    for range in batches(inputs.count) {
      let batch = try inputs.batch(range)
      let results = RGBImage.images(
        of: try tokenizer.model.images(
          of: tokenizer.model.tokens(of: batch), keepCount: keepCount))
      for (index, pair) in zip(range, zip(RGBImage.images(of: batch), results)) {
        score.add(index: index, original: pair.0, reconstruction: pair.1)
      }
      try writer.add(results, names: Array(inputs.names[range]))
    }
    try writer.finish()
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
