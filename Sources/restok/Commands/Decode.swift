import ArgumentParser
import Inference

/// `restok decode`: codes to images.
struct Decode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn codes back into images with a tokenizer.")

  @OptionGroup var model: ModelOptions

  @Option(
    help: ArgumentHelp(
      "A .npy of int32 or int64, N x L, or an .h5 file of codes.", valueName: "file"))
  var codes: String

  @Option(help: OutputPath.help)
  var output: String

  func run() throws {
    try RankSession.requireSingleRank("decode")
    print(try ImageCommands.decode(codes, with: try model.source(), to: output, notice: warn))
  }
}
