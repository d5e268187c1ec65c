import ArgumentParser
import ArrayFiles
import Inference

/// `restok checkpoint import`: a file of weights as a run directory.
struct CheckpointImport: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a run directory of a file of weights under the published names.",
    discussion: """
      Weights are .safetensors, an index of several, or what PyTorch saves (.pth, .pt, .bin). With \
      --published the published program's own configuration says what model they are of: config.json \
      beside them, or --config with its JSON or YAML.

      The directory has config.yaml and a checkpoint of step 0, whose weights and moving average \
      are those of the file. Every command takes it as a model; restok train with its config.yaml \
      goes on from it, and init: in another configuration begins with its weights.
      """)

  @Argument(help: ArgumentHelp("The file of weights; with --config.", valueName: "file"))
  var path: String?

  @Option(
    help: ArgumentHelp(
      "A folder with config.json and weights, or a file of weights, of the published program.",
      valueName: "path"))
  var published: String?

  @Option(
    help: ArgumentHelp(
      "The configuration of the model; with --published that of the published program.",
      valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp("The run directory; nothing may be there yet.", valueName: "folder"))
  var output: String

  func validate() throws {
    guard (path == nil) != (published == nil) else {
      throw ValidationError("name a file of weights, or one place with --published")
    }
    if let path, config == nil {
      throw ValidationError(
        "\(path): a file of weights does not say what model it is of: add --config CONFIG, or name it "
          + "with --published if the published program's config.json is beside it")
    }
    let place = path ?? published ?? ""
    guard published != nil || !FileSystem.isDirectory(place) else {
      throw ValidationError(
        "\(place): a folder is none of \(WeightsFile.endings): name the file, or the folder with "
          + "--published")
    }
    guard !output.isEmpty, !output.hasSuffix(".safetensors") else {
      throw ValidationError("--output \(output): a run directory is a folder")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("checkpoint import")
    if let published {
      print(
        try PublishedImport.read(published, configurationPath: config, to: output, notice: warn))
    } else if let path, let config {
      print(try WeightImport.read(path, configurationPath: config, to: output, notice: warn))
    }
  }
}
