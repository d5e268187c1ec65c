import ArgumentParser
import Evaluation
import Inference

/// `restok codes`: files of codes.
struct Codes: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the codes that a generator trains on.", subcommands: [CodesVerify.self])
}

/// `restok codes verify`: a file of codes against its tokenizer and its images.
struct CodesVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract:
      "Decode a part of a file of codes and compare it with the images that it should be of.",
    discussion: """
      Of each crop it prints the PSNR and the SSIM of what the codes decode to, beside the PSNR of codes that are made \
      anew, and how many tokens encoding gives again. It says when codes are of another tokenizer, of other crops, \
      shuffled between images, or have other labels than the data set, and then exits with status 65. Runs alone or \
      on many ranks.
      """)

  @Argument(help: "An .h5 file of codes.")
  var codes: String

  @OptionGroup var model: ModelOptions

  @Option(help: ArgumentHelp("The data set that the codes are of.", valueName: "folder"))
  var data: String

  @Option(help: "Images that are looked at.")
  var count = 256

  @Option(help: "Seed of the choice of the images.")
  var seed: UInt64 = 0

  @Flag(help: "Look at the first images instead of drawn ones.")
  var first = false

  @OptionGroup var ranks: EvaluationRanks

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    guard count > 0 else { throw ValidationError("--count \(count): expected at least 1") }
  }

  func run() throws {
    var verification = CodesVerification(codes: codes, tokenizer: try model.source(), data: data)
    verification.count = count
    verification.seed = first ? nil : seed
    try RankSession.run { session in
      guard let report = try ranks.run(session, verification.run) else { return }
      try show(report, asJSON: json)
      guard report.isSound else { throw ExitStatusError(status: .data) }
    }
  }
}
