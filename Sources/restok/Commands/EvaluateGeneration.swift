import ArgumentParser
import Evaluation

/// `restok evaluate generation`: how far sampled images are from real ones, as sets.
struct EvaluateGeneration: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generation",
    abstract: "Score samples against a reference, as the ADM suite does.",
    discussion: """
      FID, sFID, Inception Score, precision and recall. The reference is an .npz file with mu and sigma, with images in \
      arr_0, or with both; or a data set or a folder of images. What it has too little for is said. Runs alone or \
      on many ranks, with equal figures.
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The samples: an .npz file with arr_0, an .npy file, a data set, or files and folders.",
      valueName: "path"))
  var samples: [String]

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What they are compared with: the same, or statistics in an .npz file.", valueName: "path"))
  var reference: [String]

  @Option(
    help: ArgumentHelp(
      "Inception-v3, pt_inception-2015-12-05-6726825d.pth.", valueName: "file"))
  var inception: String

  @Option(
    help: ArgumentHelp(
      "Bring the samples to this size (default: as they are).", valueName: "s"))
  var size: Int?

  @Option(
    help: ArgumentHelp(
      "Bring the reference's images to this size (default: as they are).", valueName: "s"))
  var referenceSize: Int?

  @Option(help: ArgumentHelp("Which neighbour a point's ball reaches to.", valueName: "k"))
  var neighbours = 3

  @Option(help: ArgumentHelp("Images of a split of the Inception Score.", valueName: "n"))
  var splitSize = 5000

  @OptionGroup var certificate: CertificateOptions

  func validate() throws {
    guard !samples.isEmpty, !reference.isEmpty else {
      throw ValidationError("name both --samples and --reference")
    }
    for (option, value) in [
      ("--size", size ?? 1), ("--reference-size", referenceSize ?? 1), ("--neighbours", neighbours),
      ("--split-size", splitSize),
    ] where value < 1 {
      throw ValidationError("\(option) \(value): expected at least 1")
    }
  }

  func run() throws {
    var evaluation = GenerationEvaluation(
      samples: samples, reference: reference, inception: inception)
    evaluation.size = size
    evaluation.referenceSize = referenceSize
    evaluation.neighbourCount = neighbours
    evaluation.score = InceptionScore.Configuration(splitSize: splitSize)
    evaluation.stated = try certificate.facts()
    try certificate.run(reading: samples + reference + [inception], evaluation.run)
  }
}
