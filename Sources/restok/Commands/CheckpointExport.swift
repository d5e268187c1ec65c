import ArgumentParser
import Inference

/// `restok checkpoint export`: a model's weights as a safetensors file.
struct CheckpointExport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model's weights as .safetensors under their published names.",
    discussion: """
      Every command that takes a model reads the file back, with the configuration beside it; a \
      training begins from it with init: FILE.safetensors.
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: ArgumentHelp("The .safetensors file.", valueName: "file"))
  var output: String

  func validate() throws {
    guard output.hasSuffix(".safetensors") else {
      throw ValidationError("--output \(output): weights go to a .safetensors file")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("checkpoint export")
    print(try WeightExport.write(try model.source(), to: output, notice: warn))
  }
}
