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

  @OptionGroup var rank: ThreadsOption

  func run() throws {
    let source = try model.source()
    try RankSession.run { session in
      let summary = try session.output("images decoded") { context in
        try ImageCommands.decode(
          codes, with: source, to: output, threadCount: rank.threads, context: context)
      }
      if session.isFirst { print(summary) }
    }
  }
}
