import ArgumentParser
import ArrayFiles
import Inference

/// `restok checkpoint import`: a safetensors file as a run directory.
struct CheckpointImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a run directory of a .safetensors file under the published names.",
    discussion: """
      The directory has config.yaml and a checkpoint of step 0, whose weights and moving average \
      are those of the file. Every command takes it as a model; restok train with its config.yaml \
      goes on from it, and init: in another configuration begins with its weights.
      """)

  @Argument(help: ArgumentHelp("The .safetensors file.", valueName: "file"))
  var path: String

  @Option(help: ArgumentHelp("The configuration of the model.", valueName: "file"))
  var config: String

  @Option(
    help: ArgumentHelp("The run directory; nothing may be there yet.", valueName: "folder"))
  var output: String

  func validate() throws {
    guard path.hasSuffix(".safetensors") else {
      throw ValidationError("\(path): weights come from a .safetensors file")
    }
    guard FileSystem.exists(path) else {
      throw ValidationError("\(path): there is no such file")
    }
    guard !output.isEmpty, !output.hasSuffix(".safetensors") else {
      throw ValidationError("--output \(output): a run directory is a folder")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("checkpoint import")
    print(try WeightImport.read(path, configurationPath: config, to: output))
  }
}
