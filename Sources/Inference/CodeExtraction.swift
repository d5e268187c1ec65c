import ArrayFiles
import DataParallel
public import Datasets
import Foundation
import ImageFiles
public import MessagePassing
import Reporting
import Tensors

/// Token codes of a whole data set, shared out among the ranks.
public enum CodeExtraction {
  /// Crops that a rank encodes at a time.
  private static let batchSize = 32

  /// Encodes the shards of `data` into a file of codes.
  ///
  /// Collective: every rank. The coordinator reads and writes; the file appears whole or not at all.
  ///
  /// - Parameters:
  ///   - data: A directory of shards.
  ///   - source: The tokenizer; every rank loads it.
  ///   - output: The HDF5 file.
  ///   - recipe: The crops of an image.
  ///   - threadCount: Threads of this rank; those that the launcher gives it, or its cores, when nil.
  ///   - communicator: The ranks.
  ///   - notice: Is told on the coordinator of choices, such as a checkpoint that is passed over.
  /// - Returns: What was written, for people.
  /// - Throws: `DataError`, `CheckpointError` and the errors of files and ranks.
  public static func encode(
    data: String, with source: ModelSource, to output: String, recipe: CropRecipe = .centre,
    threadCount: Int? = nil, communicator: Communicator, notice: Notice = { _ in }
  ) throws -> String {
    RankThreads.set(threadCount)
    let start = ContinuousClock.now
    if communicator.rank == 0 {
      try OutputCheck.requireApart(output, from: [data])
      try FileSystem.checkWritable(output)
    }
    let tokenizer = try LoadedTokenizer(source) { if communicator.rank == 0 { notice($0) } }
    try Self.requireOneTokenizer(tokenizer, source, communicator)
    let dataset = try communicator.rank == 0 ? ImageDataset(folder: data) : nil
    let count = Int(
      try communicator.broadcast([Int64(dataset?.sampleCount ?? 0)], root: 0)[0])
    let plan = EvaluationPlan(
      sampleCount: count, laneCount: communicator.worldSize,
      samplesPerLane: max(1, batchSize / recipe.cropCount))
    let lanes = try LanePlan(
      laneCount: communicator.worldSize, worldSize: communicator.worldSize)
    let transport = try SampleTransport(
      plan: lanes, communicator: communicator, steps: 0..<plan.stepCount
    ) { step, lane in
      guard let dataset else { return [] }
      return try ImageLaneReader(dataset: dataset, skipsDamaged: false) { _ in }
        .evaluation(plan, step: step, lane: lane)
    }
    let writer = try dataset.map { dataset in
      try Writer(tokenizer: tokenizer, dataset: dataset, recipe: recipe, output: output)
    }
    for step in 0..<plan.stepCount {
      let message = try ImageLaneMessage(
        bytes: try transport.next(step: step, lane: communicator.rank))
      let rows = try Self.rows(of: message, tokenizer, recipe)
      let gathered = try communicator.allGather(rows)
      try writer?.write(gathered.flatMap { $0 })
    }
    try transport.stop()
    try writer?.publish()
    let seconds = (ContinuousClock.now - start).inSeconds
    return String(
      format: "%@: codes of %ld images, %ld crop(s) each, in %.1f s", output, count,
      recipe.cropCount, seconds)
  }

  /// Refuses ranks that found different weights: a run that is still saving may give each another checkpoint.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: `CommandError.unfitData`.
  package static func requireOneTokenizer(
    _ tokenizer: LoadedTokenizer, _ source: ModelSource, _ communicator: Communicator
  ) throws {
    let digests = try communicator.allGather(Array(tokenizer.digest.utf8))
    guard Set(digests).count == 1 else {
      throw CommandError.unfitData(
        "\(source.path): the ranks found different weights in it: name a checkpoint instead of a run "
          + "that is saving")
    }
  }

  /// Codes of the lane's images, crop after crop.
  private static func rows(
    of message: ImageLaneMessage, _ tokenizer: LoadedTokenizer, _ recipe: CropRecipe
  ) throws -> [UInt16] {
    guard !message.items.isEmpty else { return [] }
    let size = tokenizer.model.configuration.imageSize
    let crops = try message.items.flatMap {
      recipe.crops(of: try message.image.image(of: $0.sample), size: size)
    }
    return try tokenizer.model.tokens(of: Tensor(images: crops)).array(of: Int32.self)
      .map(UInt16.init)
  }

  /// Writes rows in the order of the data set, on the coordinator.
  private final class Writer {
    private let writer: CodesWriter
    private let dataset: ImageDataset
    private var doneCount = 0

    init(
      tokenizer: LoadedTokenizer, dataset: ImageDataset, recipe: CropRecipe, output: String
    ) throws {
      let configuration = tokenizer.model.configuration
      self.dataset = dataset
      writer = try CodesWriter(
        path: output,
        description: CodesDescription(
          sampleCount: dataset.sampleCount, cropCount: recipe.cropCount,
          tokenCount: configuration.latents.count,
          vocabularySize: configuration.codebook.size,
          classCount: dataset.manifest.classes.count, tokenizerDigest: tokenizer.digest,
          cropRecipeDigest: recipe.digest(size: configuration.imageSize)))
    }

    func write(_ rows: [UInt16]) throws {
      let description = writer.description
      let count = rows.count / (description.cropCount * description.tokenCount)
      let samples = try (doneCount..<doneCount + count).map { try dataset.sample(at: $0) }
      try writer.write(
        rows, labels: samples.map(\.label), keys: samples.map(\.key), at: doneCount)
      doneCount += count
    }

    func publish() throws { try writer.publish() }
  }
}
