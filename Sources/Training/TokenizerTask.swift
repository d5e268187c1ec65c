import Autodiff
import Checkpoints
package import Configurations
package import DataParallel
package import Datasets
import Foundation
package import ImageFiles
import Inference
import Layers
import ResidualTokenizer
package import Tensors

/// Training of the tokenizer: its losses are terms.
package final class TokenizerTask: TrainingTask {
  /// A lane of images.
  package struct Lane {
    /// `[samples, size, size, 3]` in [0, 1].
    package let images: Tensor
    /// For each sample, how many of its first tokens the decoder sees.
    package let keepCounts: [Int]
    /// What the losses draw; nil for draws keyed by the lane's place.
    package let draws: LossDraws?
    /// Images that another one stands for, since they cannot be decoded.
    let replacedCount: Int
    /// The reconstructions, left by the tokenizer's phase for the discriminator's.
    var reconstruction: Tensor?

    /// Gathers the samples.
    package init(
      images: Tensor, keepCounts: [Int], draws: LossDraws? = nil, replacedCount: Int = 0
    ) {
      self.images = images
      self.keepCounts = keepCounts
      self.draws = draws
      self.replacedCount = replacedCount
    }
  }

  let configuration: TokenizerRunConfiguration
  private let network: Network
  let model: ResTok
  private let losses: [any LossTerm]
  /// The projected features that the losses read.
  private let alignedFeatures: ResTok.AlignedFeatures
  /// The discriminator; nil without the adversarial loss.
  private let discriminator: DiscriminatorTraining?
  private let files: [RecipeNetworks.File]
  /// The scores on held-out images.
  let heldOut: HeldOutReconstructions
  /// The digest of the file that the encoder begins with, on the coordinator.
  private let initialWeightsDigest: String?
  private let keepDistribution: NestedDropoutDistribution
  /// The data sets, on the coordinator.
  let data: (train: ImageLaneReader, evaluation: ImageLaneReader)?
  private let plan: EpochPlan?
  /// The step that is under way.
  private var step = 0
  /// What the steps since the last record used of the codebook, on the coordinator.
  private var window: CodebookWindow?
  /// Puts codes back into use; nil where the configuration leaves them alone.
  private let revival: CodebookRevival?

  /// Makes the model; opens the data sets on the coordinator.
  ///
  /// - Parameters:
  ///   - configuration: What the run is told.
  ///   - isCoordinator: Whether this rank reads the data.
  ///   - networks: The frozen networks of the losses; those of the configuration's files when nil.
  ///   - reportSkipped: Told of each image that was replaced.
  /// - Throws: What opening data and networks throws.
  package init(
    _ configuration: TokenizerRunConfiguration, isCoordinator: Bool,
    networks: RecipeNetworks? = nil,
    reportSkipped: @escaping @Sendable (DataError) -> Void = { _ in }
  ) throws {
    self.configuration = configuration
    let (networks, heldOut) = try Self.networks(configuration, networks)
    files = networks.files
    self.heldOut = heldOut
    network = Network(
      name: RunKind.tokenizer.rawValue, settings: Network.Settings(configuration.training))
    model = ResTok(configuration.model, in: ParameterScope(network.arena))
    discriminator = try Self.discriminator(configuration, networks)
    losses = Self.terms(configuration, networks, discriminator)
    alignedFeatures = losses.reduce(into: []) { $0.formUnion($1.alignedFeatures) }
    revival = CodebookRevival(of: model, in: network, configuration)
    keepDistribution = NestedDropoutDistribution(
      latentCount: configuration.model.latents.count, configuration.model.nestedDropout)
    initialWeightsDigest = isCoordinator ? try Self.initialWeightsDigest(configuration) : nil
    guard isCoordinator else {
      data = nil
      plan = nil
      return
    }
    window = CodebookWindow(configuration.model)
    let reader = { (folder: String) in
      ImageLaneReader(
        dataset: try ImageDataset(folder: folder),
        skipsDamaged: configuration.data.errorPolicy == .skip, reportSkipped: reportSkipped)
    }
    let train = try reader(configuration.data.train)
    data = (train, try reader(configuration.data.evaluation))
    let batch = configuration.training.batch
    plan = EpochPlan(
      sampleCount: train.dataset.sampleCount, laneCount: batch.laneCount,
      samplesPerLane: batch.sampleCountPerLane, seed: configuration.training.run.seed)
  }

  /// What losses and scores look through.
  ///
  /// - Throws: `NamedFileError` with the files of both that are of no use.
  private static func networks(
    _ configuration: TokenizerRunConfiguration, _ given: RecipeNetworks?
  ) throws -> (RecipeNetworks, HeldOutReconstructions) {
    var made: (RecipeNetworks?, HeldOutReconstructions?) = (given, nil)
    try NamedFileError.joining {
      if given == nil { made.0 = try RecipeNetworks(configuration) }
    } _: {
      made.1 = try HeldOutReconstructions(configuration)
    }
    guard let networks = made.0, let heldOut = made.1 else {
      preconditionFailure("TokenizerTask: files without a problem gave no networks")
    }
    return (networks, heldOut)
  }

  /// The discriminator that the losses name, if it can be made.
  private static func discriminator(
    _ configuration: TokenizerRunConfiguration, _ networks: RecipeNetworks
  ) throws -> DiscriminatorTraining? {
    guard let adversarial = configuration.losses.adversarial,
      adversarial.discriminator == .patchgan || networks.backbone != nil
    else { return nil }
    return try DiscriminatorTraining(adversarial, networks, configuration.training)
  }

  /// The terms of the loss that are on, in the order in which they are summed.
  private static func terms(
    _ configuration: TokenizerRunConfiguration, _ networks: RecipeNetworks,
    _ discriminator: DiscriminatorTraining?
  ) -> [any LossTerm] {
    let losses = configuration.losses
    var terms: [any LossTerm] = [
      ReconstructionLoss(
        kind: losses.reconstruction.kind, weight: losses.reconstruction.weight),
      QuantizerLoss(),
    ]
    if let term = PerceptualLoss(losses.perceptual, networks) { terms.append(term) }
    if let term = AlignmentLoss(losses.alignment, networks.foundation) { terms.append(term) }
    if let adversarial = losses.adversarial, let discriminator {
      terms.append(AdversarialLoss(weight: adversarial.weight, discriminator: discriminator))
    }
    return terms
  }

  package var phases: [TrainingPhase<Lane>] {
    let tokenizer = TrainingPhase<Lane>(training: network) { [self] step in
      self.step = step
      try discriminator?.beginGeneratorPass(in: step)
    } end: { [self] agreement, ranks in
      reportReplaced(agreement)
      let revivedCount = try revival?.advance(agreement, ranks) ?? 0
      window?.add(agreement.tokens, revivedCount: revivedCount)
    } run: { [self] lane, place, tape in
      run(&lane, place, tape)
    }
    guard let discriminator, let adversarial = configuration.losses.adversarial else {
      return [tokenizer]
    }
    return [
      tokenizer,
      .discriminator(
        discriminator, leCamWeight: adversarial.leCamWeight,
        globalSampleCount: configuration.training.batch.sampleCount, draws: draws),
    ]
  }

  package var startNotes: [String] {
    let codebook = configuration.model.codebook
    let revival =
      codebook.revives
      ? ["codebook: codes without use for \(codebook.revivalStepCount) steps are revived"] : []
    return RecipeNotes(losses: configuration.losses, files: files).lines + revival + heldOut.notes
  }

  package func takeCodebookWindow() -> CodebookWindow? {
    defer { if window != nil { window = CodebookWindow(configuration.model) } }
    return window
  }

  package var fileDigests: [String: String] {
    Dictionary(uniqueKeysWithValues: files.map { ($0.key, $0.digest) })
  }

  package var scoreFileDigests: [String: String] { heldOut.files.digests }

  /// What the losses of a lane draw.
  private func draws(of lane: Lane, at place: LanePlace) -> LossDraws {
    lane.draws ?? LossDraws(seed: configuration.training.run.seed, at: place)
  }

  package func operationCount(inStep step: Int) -> Int {
    losses.reduce(configuration.model.stepOperationCount) {
      $0 + $1.operationCount(inStep: step, imageSize: configuration.model.imageSize)
    }
  }

  package var reader: SampleTransport.Reader {
    guard let data, let plan else { return { _, _ in [] } }
    return { step, lane in try data.train.training(plan, step: step, lane: lane) }
  }

  package func lane(from message: [UInt8], at place: LanePlace) throws -> Lane {
    let seed = configuration.training.run.seed
    var samples = try ImageLaneMessage(bytes: message)
    if !samples.isPrepared { samples = try Self.prepared(samples, configuration) }
    let images = try samples.tensor()
    var stream = RandomStream(
      RandomKey(seed: seed, purpose: .nestedDropout, step: place.step, index: place.lane))
    let keepCounts = (0..<images.shape[0]).map { _ in
      keepDistribution.lengths[stream.choice(weights: keepDistribution.probabilities)]
    }
    return Lane(images: images, keepCounts: keepCounts, replacedCount: samples.replacedCount)
  }

  private static func prepared(
    _ samples: ImageLaneMessage, _ configuration: TokenizerRunConfiguration
  ) throws(DataError) -> ImageLaneMessage {
    try samples.prepared(
      size: configuration.model.imageSize, augmentation: configuration.data.augmentation,
      seed: configuration.training.run.seed,
      replacesDamaged: configuration.data.errorPolicy == .skip)
  }

  package var preparation: LaneQueue.Preparation? {
    let configuration = configuration
    return { try Self.prepared(try ImageLaneMessage(bytes: $0), configuration).bytes }
  }

  /// The tokenizer's forward pass with its losses.
  private func run(_ lane: inout Lane, _ place: LanePlace, _ tape: Tape) -> LaneResult {
    let globalSampleCount = configuration.training.batch.sampleCount
    let output = model(
      lane.images, keepCounts: lane.keepCounts, globalSampleCount: globalSampleCount,
      aligned: alignedFeatures, on: tape)
    lane.reconstruction = discriminator == nil ? nil : output.reconstruction.value
    revival?.add(output.encodings, ofLane: place.lane)
    var result = losses.result(
      on: TokenizerPass(
        images: lane.images, output: output, globalSampleCount: globalSampleCount, place: place,
        draws: draws(of: lane, at: place), tape: tape))
    if configuration.data.errorPolicy == .skip {
      result.metrics.append(Metric(Self.replacedMetric, Double(lane.replacedCount)))
    }
    return result
  }

  private static let replacedMetric = "images_replaced"

  /// Tells, on the coordinator, which images of the step others stand for: only the ranks that run their lanes have
  /// tried to decode them.
  private func reportReplaced(_ agreement: StepAgreement) {
    guard let data, let plan,
      agreement.metrics.contains(where: { $0.name == Self.replacedMetric && $0.value > 0 })
    else { return }
    for lane in 0..<plan.laneCount {
      for slot in 0..<plan.samplesPerLane {
        do {
          let index = plan.place(step: step, lane: lane, slot: slot).sampleIndex
          _ = try data.train.dataset.image.image(of: try data.train.dataset.sample(at: index))
        } catch {
          data.train.reportSkipped(error)
        }
      }
    }
  }

  package var hasEvaluationData: Bool { data != nil }

  package var dataDigests: [String: String] {
    guard let data else { return [:] }
    var digests = [
      "train": data.train.dataset.manifest.digest,
      "evaluation": data.evaluation.dataset.manifest.digest,
    ]
    digests["init_encoder.file"] = initialWeightsDigest
    return digests
  }

  package func picture() throws -> (image: RGBImage, name: String)? {
    guard let reader = data?.evaluation else { return nil }
    let originals = try pictured(reader)
    guard !originals.isEmpty else { return nil }
    let batch = Tensor(images: originals)
    let reconstructions = try model.images(of: model.tokens(of: batch))
    let picture = ImageGrid().picture(
      originals: batch, besideReconstructions: reconstructions, pairCount: 4)
    return (picture, "reconstructions")
  }

  /// The first held-out images, without those that cannot be used where the run passes over such: evaluation names
  /// them.
  private func pictured(_ reader: ImageLaneReader) throws -> [RGBImage] {
    let dataset = reader.dataset
    return try (0..<min(32, dataset.sampleCount)).compactMap { index in
      do {
        return try dataset.image.evaluationImage(
          of: try dataset.sample(at: index), size: configuration.model.imageSize)
      } catch {
        guard reader.skipsDamaged else { throw error }
        return nil
      }
    }
  }
}
