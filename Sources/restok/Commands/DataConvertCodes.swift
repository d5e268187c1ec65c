import ArgumentParser
import ArrayFiles
import Datasets
import Inference

/// `restok data convert-codes`: the codes of the published program in and out.
struct DataConvertCodes: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert-codes",
    abstract: "Turn the published program's folders of codes into a file of codes, or back.",
    discussion: """
      The published extraction writes imagenet256_codes/N.npy and imagenet256_labels/N.npy for each image. Its files \
      do not say by which tokenizer they were made: --tokenizer does, and a generator takes them for that one's. Of \
      two crops (an image and its mirror image) the published program mixes images unless it ran with a batch of \
      one, which the files do not show: restok codes verify does.
      """)

  @Argument(help: "A folder with NAME_codes and NAME_labels, or an .h5 file of codes.")
  var source: String

  @Argument(help: "The .h5 file, or the folder to write, which must not exist or be empty.")
  var output: String

  @Option(
    help: ArgumentHelp(
      "To .h5: the tokenizer that made the codes, a run directory or a checkpoint.",
      valueName: "path"))
  var tokenizer: String?

  @Option(
    help: ArgumentHelp(
      "To .h5: number of classes (default: up to the largest label).", valueName: "c"))
  var classes: Int?

  @Option(
    help: ArgumentHelp("To a folder: what stands before _codes and _labels.", valueName: "name"))
  var name = PublishedCodes.publishedName

  private var isImport: Bool { output.hasSuffix(".h5") }

  func validate() throws {
    guard isImport != source.hasSuffix(".h5") else {
      throw ValidationError("one of source and output is an .h5 file of codes, the other a folder")
    }
    guard isImport == (tokenizer != nil) else {
      throw ValidationError(
        isImport
          ? "say with --tokenizer which one made the codes"
          : "--tokenizer belongs to the way into an .h5 file")
    }
    guard isImport || classes == nil, (1...1 << 20).contains(classes ?? 1) else {
      throw ValidationError("--classes: expected 1 to \(1 << 20), on the way into an .h5 file")
    }
    guard SystemPath.isName(name) else {
      throw ValidationError("--name \(name): expected a part of a file's name")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("data convert-codes")
    var progress = ProgressLine("images' codes")
    if let tokenizer {
      let codes = try PublishedCodes(folder: source)
      let description = try description(of: codes, tokenizer)
      try FileSystem.checkWritable(output)
      try codes.write(to: output, description) { progress.show($0, of: codes.sampleCount) }
      progress.finish()
      print("\(output): codes of \(codes.sampleCount) images, \(codes.cropCount) crop(s) each")
    } else {
      let codes = try CodesFile(path: source)
      for warning in codes.warnings { warn(warning) }
      try PublishedCodes.write(codes, to: output, name: name) {
        progress.show($0, of: codes.sampleCount)
      }
      progress.finish()
      print(
        "\(output): codes of \(codes.sampleCount) images, \(codes.description.cropCount) crop(s) each"
      )
    }
  }

  private func description(
    of codes: PublishedCodes, _ tokenizer: String
  ) throws -> CodesDescription {
    let source = try ModelSource(
      checking: tokenizer, configuration: nil, weights: nil, option: "--tokenizer",
      configurationOption: "--config")
    let loaded = try LoadedTokenizer(source, notice: warn)
    let model = loaded.model.configuration
    guard codes.tokenCount == model.latents.count else {
      throw DataError(
        file: self.source,
        problem:
          "it has \(codes.tokenCount) tokens an image, \(tokenizer) makes \(model.latents.count)",
        advice: "Name the tokenizer that made the codes.")
    }
    guard let recipe = CropRecipe.allCases.first(where: { $0.cropCount == codes.cropCount }) else {
      throw DataError(
        file: self.source,
        problem: "it has \(codes.cropCount) crops an image, expected "
          + CropRecipe.allCases.map { "\($0.cropCount)" }.joined(separator: " or "),
        advice: "Extract codes with `restok encode`.")
    }
    return CodesDescription(
      sampleCount: codes.sampleCount, cropCount: codes.cropCount, tokenCount: codes.tokenCount,
      vocabularySize: model.codebook.size, classCount: try classes ?? codes.largestLabel() + 1,
      tokenizerDigest: loaded.digest, cropRecipeDigest: recipe.digest(size: model.imageSize))
  }
}
