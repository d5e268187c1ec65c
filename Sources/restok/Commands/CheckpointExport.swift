import ArgumentParser
import Inference

/// `restok checkpoint export`: a model's weights as a safetensors file, or as the published program has
/// them.
struct CheckpointExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model's weights as .safetensors under their published names.",
    discussion: """
      Every command that takes a model reads the file back, with the configuration beside it; a \
      training begins from it with init: FILE.safetensors. With --published the output is a folder \
      with model.safetensors and config.json, which the published program loads.
      """)

  @OptionGroup var model: ModelOptions

  @Flag(help: "Write a folder with model.safetensors and config.json of the published program.")
  var published = false

  @Flag(
    help:
      "With --published: leave out the weights of alignment, so that no foundation model is needed."
  )
  var withoutAlignment = false

  @Option(
    help: ArgumentHelp(
      "The .safetensors file; with --published a folder, where nothing may be yet.",
      valueName: "path"))
  var output: String

  func validate() throws {
    guard published || output.hasSuffix(".safetensors") else {
      throw ValidationError("--output \(output): weights go to a .safetensors file")
    }
    guard !published || !output.isEmpty && !output.hasSuffix(".safetensors") else {
      throw ValidationError("--output \(output): with --published the output is a folder")
    }
    guard published || !withoutAlignment else {
      throw ValidationError("--without-alignment belongs to --published")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("checkpoint export")
    let source = try model.source()
    guard published else {
      print(try WeightExport.write(source, to: output, notice: warn))
      return
    }
    print(
      try PublishedExport.write(
        source, includingAlignment: !withoutAlignment, to: output, notice: warn))
  }
}
