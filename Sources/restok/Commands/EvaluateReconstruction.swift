import ArgumentParser
import Evaluation
import Inference

/// `restok evaluate reconstruction`: how far images that went through a tokenizer are from their originals.
struct EvaluateReconstruction: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconstruction",
    abstract: "Score the reconstructions of a model, or of another program.",
    discussion: """
      PSNR, SSIM and, where the short side is over 160, MS-SSIM; with --lpips LPIPS; with --inception rFID and the \
      Inception Score; of a model also the use of its codebook by level. Runs alone or on many ranks, with \
      equal figures.
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The originals: an .npz or .npy file, a data set, or files and folders.", valueName: "path"))
  var images: [String]

  @Option(
    help: ArgumentHelp(
      "The tokenizer: a run directory, a checkpoint directory, or a file of weights with --config.",
      valueName: "path"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "The configuration of a file of weights, or of a checkpoint that lacks one.",
      valueName: "file"))
  var config: String?

  @Option(help: "Which weights of a checkpoint to use (default: ema where there is one).")
  var weights: WeightChoice?

  @Option(
    help: ArgumentHelp(
      "Decode from the first N tokens only; several numbers give a curve, as 1,2,4.",
      valueName: "n,…"))
  var keep: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Instead of a model: its reconstructions, as many images in the same order.",
      valueName: "path"))
  var reconstructions: [String] = []

  @Option(
    help: ArgumentHelp(
      "With --reconstructions: bring the originals to this size (default: as they are).",
      valueName: "s"))
  var size: Int?

  @Option(
    help: ArgumentHelp(
      "Inception-v3, pt_inception-2015-12-05-6726825d.pth, for rFID and the Inception Score.",
      valueName: "file"))
  var inception: String?

  @Option(
    help: ArgumentHelp(
      "AlexNet's or VGG-16's file and that of the package lpips for it; may be given for each.",
      valueName: "network,linear"))
  var lpips: [String] = []

  @OptionGroup var certificate: CertificateOptions

  func validate() throws {
    guard !images.isEmpty else { throw ValidationError("--images: name the originals") }
    guard (model == nil) != reconstructions.isEmpty else {
      throw ValidationError("give either --model or --reconstructions")
    }
    guard model == nil || size == nil else {
      throw ValidationError("--size belongs to --reconstructions: a model has its own size")
    }
    guard size ?? 1 > 0 else { throw ValidationError("--size \(size ?? 0): expected at least 1") }
    guard model != nil || (config == nil && weights == nil && keep == nil) else {
      throw ValidationError("--config, --weights and --keep belong to --model")
    }
    _ = try keptTokenCounts()
  }

  private func keptTokenCounts() throws -> [Int] {
    guard let keep else { return [] }
    return try keep.split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let count = Int(text), count > 0 else {
        throw ValidationError("--keep \(keep): expected numbers of tokens, as 1,2,4")
      }
      return count
    }
  }

  func run() throws {
    var evaluation = ReconstructionEvaluation(
      originals: images, source: .images(reconstructions))
    if let model {
      evaluation.source = .model(
        try ModelSource(
          checking: model, configuration: config, weights: weights, option: "--model",
          configurationOption: "--config"))
    }
    evaluation.size = size
    evaluation.keptTokenCounts = try keptTokenCounts()
    evaluation.inception = inception
    evaluation.perceptual = lpips.map { $0.split(separator: ",").map(String.init) }
    evaluation.stated = try certificate.facts()
    let files = [model, config, inception].compactMap { $0 } + evaluation.perceptual.joined()
    try certificate.run(reading: images + reconstructions + files, evaluation.run)
  }
}
