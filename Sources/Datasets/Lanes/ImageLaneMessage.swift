import ImageFiles

/// The stored samples of one lane as they travel from the coordinator to the rank that runs it.
///
/// Images stay encoded; file, index and key travel along so that any rank can name a bad one.
package struct ImageLaneMessage: Equatable {
  /// A stored image and what its random draws are keyed by.
  package struct Item: Equatable {
    /// The stored sample.
    package let sample: Sample
    /// Position in the endless sequence of training samples, or the index in an evaluation set.
    package let ordinal: Int

    package init(sample: Sample, ordinal: Int) {
      self.sample = sample
      self.ordinal = ordinal
    }
  }

  /// How the images are stored.
  package let image: ImageKind
  /// Whether the images are squares ready for the model, cut and changed as training wants them.
  package let isPrepared: Bool
  /// Images of a prepared lane that another one stands for, since they cannot be decoded.
  package let replacedCount: Int
  /// The samples; fewer than a lane has slots at the end of an evaluation set.
  package let items: [Item]

  package var bytes: [UInt8] {
    let sizes = items.map {
      $0.sample.bytes.count + $0.sample.key.utf8.count + $0.sample.file.utf8.count
    }
    var writer = ByteMessageWriter(capacity: 20 + 36 * items.count + sizes.reduce(0, +))
    switch image {
    case .encoded:
      writer.write(UInt32(0))
      writer.write(UInt32(0))
    case .rgb8(let height, let width):
      writer.write(UInt32(height))
      writer.write(UInt32(width))
    }
    writer.write(UInt32(isPrepared ? 1 : 0))
    writer.write(UInt32(replacedCount))
    writer.write(UInt32(items.count))
    for item in items {
      writer.write(Int64(item.ordinal))
      writer.write(Int64(item.sample.label))
      writer.write(Int64(item.sample.index))
      writer.write(item.sample.key)
      writer.write(item.sample.file)
      writer.write(item.sample.bytes)
    }
    return writer.bytes
  }

  package init(
    image: ImageKind, items: [Item], isPrepared: Bool = false, replacedCount: Int = 0
  ) {
    self.image = image
    self.items = items
    self.isPrepared = isPrepared
    self.replacedCount = replacedCount
  }

  /// Reads a message.
  ///
  /// - Throws: `LaneMessageError` when a count does not fit the bytes that follow it, or when the
  ///   images' size is none.
  package init(bytes: [UInt8]) throws(LaneMessageError) {
    var reader = ByteMessageReader(bytes)
    let image = try Self.imageKind(&reader)
    let state = try reader.read("the state", as: UInt32.self)
    let replacedCount = Int(try reader.read("the number of replaced images", as: UInt32.self))
    guard state == 0 ? replacedCount == 0 : state == 1 && image != .encoded else {
      throw reader.error("the state", "is \(state) with \(replacedCount) replaced images")
    }
    var items: [Item] = []
    // Three numbers and the sizes of three texts.
    for _ in 0..<(try reader.readCount("the number of samples", leastByteCount: 36)) {
      let ordinal = Int(try reader.read("an ordinal", as: Int64.self))
      let label = Int(try reader.read("a label", as: Int64.self))
      let index = Int(try reader.read("an index", as: Int64.self))
      guard ordinal >= 0, index >= 0 else {
        throw reader.error("a sample", "has the ordinal \(ordinal) and the index \(index)")
      }
      let (key, file) = (try reader.readText("a key"), try reader.readText("a file's name"))
      items.append(
        Item(
          sample: Sample(
            bytes: try reader.readBytes("an image"), label: label, key: key, file: file,
            index: index),
          ordinal: ordinal))
    }
    try reader.requireEnd()
    self.init(
      image: image, items: items, isPrepared: state == 1, replacedCount: replacedCount)
  }

  private static func imageKind(
    _ reader: inout ByteMessageReader
  ) throws(LaneMessageError) -> ImageKind {
    let height = Int(try reader.read("the height", as: UInt32.self))
    let width = Int(try reader.read("the width", as: UInt32.self))
    if height == 0 && width == 0 { return .encoded }
    do {
      return try .claimedRGB8(height: height, width: width, of: "message")
    } catch {
      throw reader.error("the size of the images", "is wrong: \(error.problem)")
    }
  }
}

/// Reads lanes of images on the coordinator.
package struct ImageLaneReader: Sendable {
  package let dataset: ImageDataset
  /// Whether an image that cannot be read is replaced by the next one instead of ending the run.
  ///
  /// One that can be
  /// read and not decoded is known to the rank that runs its lane.
  package let skipsDamaged: Bool
  /// Told of every image that was replaced.
  package let reportSkipped: @Sendable (DataError) -> Void

  package init(
    dataset: ImageDataset, skipsDamaged: Bool,
    reportSkipped: @escaping @Sendable (DataError) -> Void
  ) {
    self.dataset = dataset
    self.skipsDamaged = skipsDamaged
    self.reportSkipped = reportSkipped
  }

  /// The samples of a training lane.
  package func training(_ plan: EpochPlan, step: Int, lane: Int) throws -> [UInt8] {
    let items = try (0..<plan.samplesPerLane).map { slot in
      let place = plan.place(step: step, lane: lane, slot: slot)
      return ImageLaneMessage.Item(
        sample: try sample(at: place.sampleIndex, plan), ordinal: place.ordinal)
    }
    return ImageLaneMessage(image: dataset.image, items: items).bytes
  }

  /// The samples of an evaluation lane, fewer than its slots at the end of the set and where one is left out.
  package func evaluation(_ plan: EvaluationPlan, step: Int, lane: Int) throws -> [UInt8] {
    let indices = (0..<plan.samplesPerLane).compactMap {
      plan.sampleIndex(step: step, lane: lane, slot: $0)
    }
    let items = try indices.compactMap { index throws(DataError) -> ImageLaneMessage.Item? in
      do throws(DataError) {
        return ImageLaneMessage.Item(sample: try dataset.sample(at: index), ordinal: index)
      } catch {
        guard skipsDamaged else { throw error }
        reportSkipped(error)
        return nil
      }
    }
    return ImageLaneMessage(image: dataset.image, items: items).bytes
  }

  private func sample(at index: Int, _ plan: EpochPlan) throws -> Sample {
    guard skipsDamaged else { return try dataset.sample(at: index) }
    var lastError: DataError?
    for attempt in 0..<min(plan.sampleCount, 1_000) {
      do {
        let sample = try dataset.sample(at: plan.replacement(for: index, attempt: attempt))
        // In a lane of one sample no other one can stand for it.
        if plan.samplesPerLane == 1 { _ = try dataset.image.image(of: sample) }
        return sample
      } catch {
        reportSkipped(error)
        lastError = error
      }
    }
    throw lastError
      ?? DataError(
        file: dataset.folder, problem: "no image can be decoded", advice: "pack the set again")
  }
}
