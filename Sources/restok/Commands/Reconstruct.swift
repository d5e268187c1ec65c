import ArgumentParser
import Inference

/// `restok reconstruct`: images through the tokenizer and back.
struct Reconstruct: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Encode images and decode them again, from all tokens or from the first few.")

  @OptionGroup var model: ModelOptions

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Image files, folders, .npy or .npz.", valueName: "path"))
  var images: [String]

  @Option(help: OutputPath.help)
  var output: String

  @Option(help: ArgumentHelp("Decode from the first N tokens only (default: all).", valueName: "n"))
  var keep: Int?

  @OptionGroup var orient: OrientOption

  @OptionGroup var rank: ThreadsOption

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    if let keep, keep < 1 { throw ValidationError("--keep \(keep): expected at least 1") }
  }

  func run() throws {
    let source = try model.source()
    try RankSession.run { session in
      let report = try session.output("images reconstructed") { context in
        try ImageCommands.reconstruct(
          images, with: source, keepCount: keep, to: output, orientation: orient.orientation,
          threadCount: rank.threads, context: context)
      }
      if session.isFirst { try show(report, asJSON: json) }
    }
  }
}
