package import Tensors

/// The token codes of one lane as they travel from the coordinator to the rank that runs it.
package struct CodeLaneMessage: Equatable {
  /// Class of each sample.
  package let labels: [Int32]
  /// Codes, `[samples, tokens]`.
  package let codes: [UInt16]

  package var bytes: [UInt8] {
    var writer = ByteMessageWriter(capacity: 8 + 4 * labels.count + 2 * codes.count)
    writer.write(UInt32(labels.count))
    for label in labels { writer.write(label) }
    writer.write(UInt32(codes.count))
    for code in codes { writer.write(code) }
    return writer.bytes
  }

  package init(labels: [Int32], codes: [UInt16]) {
    self.labels = labels
    self.codes = codes
  }

  /// Reads a message.
  ///
  /// - Throws: `LaneMessageError` when a count does not fit the bytes that follow it, or the codes do
  ///   not fill a row for every label.
  package init(bytes: [UInt8]) throws(LaneMessageError) {
    var reader = ByteMessageReader(bytes)
    var labels: [Int32] = []
    for _ in 0..<(try reader.readCount("the number of labels", leastByteCount: 4)) {
      labels.append(try reader.read("a label"))
    }
    var codes: [UInt16] = []
    let codeCount = try reader.readCount("the number of codes", leastByteCount: 2)
    guard labels.isEmpty ? codeCount == 0 : codeCount % labels.count == 0 else {
      throw reader.error("the number of codes", "is \(codeCount) for \(labels.count) labels")
    }
    codes.reserveCapacity(codeCount)
    for _ in 0..<codeCount { codes.append(try reader.read("a code")) }
    try reader.requireEnd()
    self.init(labels: labels, codes: codes)
  }

  /// The codes as a tensor, int32 `[samples, tokens]`.
  package var tokens: Tensor {
    Tensor(codes.map(Int32.init), shape: [labels.count, codes.count / max(1, labels.count)])
  }
}

/// Reads lanes of codes on the coordinator.
package struct CodeLaneReader: Sendable {
  package let file: CodesFile
  /// The recipe of the file's crops.
  let recipe: CropRecipe
  /// Seed of the choice among a sample's crops.
  let seed: UInt64

  /// Reads from `file`, whose crops were cut by `recipe`.
  package init(file: CodesFile, recipe: CropRecipe, seed: UInt64) {
    self.file = file
    self.recipe = recipe
    self.seed = seed
  }

  /// The samples of a training lane, each with one of its crops.
  ///
  /// The choice is a pure function of the seed and of (step, lane, slot), so that it does not depend
  /// on ranks, and another visit of the sample may take another crop.
  package func training(_ plan: EpochPlan, step: Int, lane: Int) throws -> [UInt8] {
    var labels: [Int32] = []
    var codes: [UInt16] = []
    for slot in 0..<plan.samplesPerLane {
      let place = plan.place(step: step, lane: lane, slot: slot)
      var stream = RandomStream(RandomKey(seed: seed, purpose: .augmentation, index: place.ordinal))
      let crop = stream.integer(below: recipe.cropCount)
      labels.append(file.labels[place.sampleIndex])
      codes += try file.codes(at: place.sampleIndex, crop: crop)
    }
    return CodeLaneMessage(labels: labels, codes: codes).bytes
  }

  /// The samples of an evaluation lane with the crop that stands for the image.
  package func evaluation(_ plan: EvaluationPlan, step: Int, lane: Int) throws -> [UInt8] {
    let indices = (0..<plan.samplesPerLane).compactMap {
      plan.sampleIndex(step: step, lane: lane, slot: $0)
    }
    return CodeLaneMessage(
      labels: indices.map { file.labels[$0] },
      codes: try indices.flatMap { try file.codes(at: $0, crop: recipe.centreIndex) }
    ).bytes
  }
}
