import Datasets

/// What becomes of a lane's images before a step, without the step: for measurements.
package struct LanePreparation: Sendable {
  private let size: Int

  /// The published crops to squares of a side.
  package init(size: Int) { self.size = size }

  /// Prepares the images of a message for training, and gives how many they are.
  ///
  /// - Throws: `DataError`, `LaneMessageError`.
  package func imageCount(of message: [UInt8]) throws -> Int {
    let prepared = try ImageLaneMessage(bytes: message).prepared(
      size: size, augmentation: .published, seed: 0, replacesDamaged: false)
    // Written down again, as a thread does it that prepares ahead.
    return try ImageLaneMessage(bytes: prepared.bytes).items.count
  }
}
