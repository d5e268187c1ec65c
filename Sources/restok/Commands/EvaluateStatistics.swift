import ArgumentParser
import Evaluation

/// `restok evaluate statistics`: what a reference is to samples, computed once.
struct EvaluateStatistics: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "statistics",
    abstract: "Write mu, sigma, mu_s and sigma_s of a set of images.",
    discussion: """
      The file takes the place of the images as the --reference of `evaluate generation`, where precision and \
      recall are then not available. Runs alone or on many ranks, with equal bytes.
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The images: an .npz file with arr_0, an .npy file, a data set, or files and folders.",
      valueName: "path"))
  var images: [String]

  @Option(
    help: ArgumentHelp("Bring the images to this size (default: as they are).", valueName: "s"))
  var size: Int?

  @Option(
    help: ArgumentHelp(
      "Inception-v3, pt_inception-2015-12-05-6726825d.pth.", valueName: "file"))
  var inception: String

  @Option(help: ArgumentHelp("The .npz file to write.", valueName: "file"))
  var output: String

  @OptionGroup var ranks: EvaluationRanks

  @Flag(help: "Print what was written as one line of JSON.")
  var json = false

  func validate() throws {
    guard !images.isEmpty else { throw ValidationError("--images: name the images") }
    guard size ?? 1 > 0 else { throw ValidationError("--size \(size ?? 0): expected at least 1") }
    guard output.hasSuffix(".npz") else {
      throw ValidationError("--output \(output): statistics go to an .npz file")
    }
  }

  func run() throws {
    let evaluation = StatisticsEvaluation(
      images: images, inception: inception, size: size, output: output)
    try RankSession.run { session in
      guard let written = try ranks.run(session, evaluation.run) else { return }
      try show(written, asJSON: json)
    }
  }
}
