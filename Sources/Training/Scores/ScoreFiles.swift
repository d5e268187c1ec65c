import ArrayFiles
import Configurations
import Evaluation
import FeatureNetworks

/// The files that evaluations during training look through.
struct ScoreFiles {
  /// The networks.
  private(set) var networks = ReconstructionNetworks()
  /// The statistics that samples are compared with, where they are wanted; on the coordinator.
  private(set) var reference: StatisticsFile?
  /// The digests of the files that every rank reads, by the key that names them.
  private(set) var digests: [String: String] = [:]
  /// The digest of the reference.
  private(set) var referenceDigest: String?
  private var problems: [NamedFileError.Problem] = []

  private static let inceptionKey = "evaluate.inception"

  /// Reads the networks of a tokenizer's scores; on every rank.
  ///
  /// - Throws: `NamedFileError` with every file that is not what its key says.
  init(_ reconstruction: TrainingSettings.Evaluation.Reconstruction) throws {
    if let lpips = reconstruction.lpips {
      let content = "AlexNet or VGG-16, and of LPIPS's linear layers for it"
      let files = read("evaluate.lpips", content) {
        try PerceptualFiles(paths: [lpips.network, lpips.linear])
      }
      networks.perceptual = [files].compactMap { $0 }
      digests["evaluate.lpips"] = files?.record.digest
    }
    readInception(reconstruction.inception)
    guard problems.isEmpty else { throw NamedFileError(problems: problems) }
  }

  /// Reads the network of a generator's scores, and on the coordinator the statistics.
  ///
  /// - Throws: `NamedFileError` with every file that is not what its key says.
  init(_ generation: TrainingSettings.Evaluation.Generation, isCoordinator: Bool) throws {
    readInception(generation.inception)
    if isCoordinator, let path = generation.reference {
      let network = networks.inception
      let found = read("evaluate.reference", "statistics") {
        (try Self.statistics(path, network), try ContentDigest.ofFile(at: path).prefixed)
      }
      (reference, referenceDigest) = (found?.0, found?.1)
    }
    guard problems.isEmpty else { throw NamedFileError(problems: problems) }
  }

  private mutating func readInception(_ path: String?) {
    guard let path else { return }
    let file = read(Self.inceptionKey, "Inception-v3") { try InceptionFile(path: path) }
    networks.inception = file
    digests[Self.inceptionKey] = file?.record.digest
  }

  /// What `body` makes of a file; nil after noting what is wrong with it.
  private mutating func read<Result>(
    _ key: String, _ content: String, _ body: () throws -> Result
  ) -> Result? {
    do {
      return try body()
    } catch {
      problems.append(NamedFileError.Problem(key: key, content: content, error: error))
      return nil
    }
  }

  private static func statistics(_ path: String, _ network: InceptionFile?) throws -> StatisticsFile
  {
    guard !FileSystem.isMissing(path) else {
      throw ArrayFileError(
        file: path, problem: WeightsFile.absence, advice: "Check the path, and where it is written."
      )
    }
    let directory = try NumPyArchiveDirectory(contentsOf: path)
    guard StatisticsFile.isIn(directory) else {
      throw ArrayFileError(
        file: path, array: "mu",
        problem: "there are no statistics in it, only: \(directory.names.joined(separator: ", "))",
        advice: "Make them with `restok evaluate statistics`.")
    }
    let file = try StatisticsFile(directory)
    let dimension = network.map { InceptionFeatures.Sizes(of: $0.network).pool }
    if let dimension, dimension != file.pool.dimension {
      throw EvaluationError.unlikeDimensions(
        set: path, found: file.pool.dimension, expected: dimension)
    }
    return file
  }
}
