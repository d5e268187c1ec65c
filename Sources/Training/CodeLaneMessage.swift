import Datasets
import Tensors

/// The token codes of one lane as they travel from the coordinator to the rank that runs it.
struct CodeLaneMessage: Equatable {
  /// Class of each sample.
  let labels: [Int32]
  /// Codes, `[samples, tokens]`.
  let codes: [UInt16]

  var bytes: [UInt8] {
    var writer = ByteMessageWriter()
    writer.write(UInt32(labels.count))
    for label in labels { writer.write(label) }
    writer.write(UInt32(codes.count))
    for code in codes { writer.write(code) }
    return writer.bytes
  }

  init(labels: [Int32], codes: [UInt16]) {
    self.labels = labels
    self.codes = codes
  }

  init(bytes: [UInt8]) {
    var reader = ByteMessageReader(bytes)
    labels = (0..<Int(reader.read(UInt32.self))).map { _ in reader.read(Int32.self) }
    codes = (0..<Int(reader.read(UInt32.self))).map { _ in reader.read(UInt16.self) }
  }

  /// The codes as a tensor, int32 `[samples, tokens]`.
  var tokens: Tensor {
    Tensor(codes.map(Int32.init), shape: [labels.count, codes.count / max(1, labels.count)])
  }
}

/// Reads lanes of codes on the coordinator.
struct CodeLaneReader: Sendable {
  let file: CodesFile
  /// Seed of the choice among a sample's crops.
  let seed: UInt64

  /// The samples of a training lane, each with one of its crops.
  func training(_ plan: EpochPlan, step: Int, lane: Int) throws -> [UInt8] {
    var labels: [Int32] = []
    var codes: [UInt16] = []
    for slot in 0..<plan.samplesPerLane {
      let place = plan.place(step: step, lane: lane, slot: slot)
      var stream = RandomStream(RandomKey(seed: seed, purpose: .augmentation, index: place.ordinal))
      let crop = stream.integer(below: file.description.cropCount)
      labels.append(file.labels[place.sampleIndex])
      codes += try file.codes(at: place.sampleIndex, crop: crop)
    }
    return CodeLaneMessage(labels: labels, codes: codes).bytes
  }

  /// The samples of an evaluation lane with their first crop.
  func evaluation(_ plan: EvaluationPlan, step: Int, lane: Int) throws -> [UInt8] {
    let indices = (0..<plan.samplesPerLane).compactMap {
      plan.sampleIndex(step: step, lane: lane, slot: $0)
    }
    return CodeLaneMessage(
      labels: indices.map { file.labels[$0] },
      codes: try indices.flatMap { try file.codes(at: $0) }
    ).bytes
  }
}
