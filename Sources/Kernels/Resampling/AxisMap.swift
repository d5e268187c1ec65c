import CKernels

/// A linear map along one axis of an array, for instance a resize of an image's rows.
///
/// Each output position is the weighted sum of a few input positions, in their order.
public struct AxisMap: Sendable, Equatable {
  /// Positions that it reads.
  public let inputSize: Int
  /// Positions that it writes.
  public let outputSize: Int
  /// The first tap of each output position, and the number of all taps.
  private let starts: [Int32]
  /// The input position of each tap.
  private let indices: [Int32]
  /// The factor of each tap.
  private let weights: [Float]

  /// One input position of an output position.
  struct Tap {
    var index: Int
    var weight: Double
  }

  /// The map with the taps of each output position, ordered by index.
  ///
  /// Taps of one index become one; those whose weight is 0 are left out.
  init(inputSize: Int, taps: [[Tap]]) {
    precondition(
      inputSize > 0 && !taps.isEmpty, "AxisMap: \(inputSize) positions into \(taps.count)")
    var (starts, indices, weights): ([Int32], [Int32], [Float]) = ([0], [], [])
    for taps in taps {
      for tap in taps.merged where tap.weight != 0 {
        indices.append(Int32(tap.index))
        weights.append(Float(tap.weight))
      }
      starts.append(Int32(indices.count))
    }
    (self.inputSize, outputSize) = (inputSize, taps.count)
    (self.starts, self.indices, self.weights) = (starts, indices, weights)
  }

  /// Whether the map leaves every position as it is.
  public var isIdentity: Bool {
    inputSize == outputSize && indices.elementsEqual(0..<Int32(inputSize))
      && starts.elementsEqual(0...Int32(inputSize)) && weights.allSatisfy { $0 == 1 }
  }

  /// The transposed map, which takes the gradient of the output to that of the input.
  public var transposed: AxisMap {
    var columns = [[Tap]](repeating: [], count: inputSize)
    for position in 0..<outputSize {
      for tap in taps(of: position) {
        columns[tap.index].append(Tap(index: position, weight: tap.weight))
      }
    }
    return AxisMap(inputSize: outputSize, taps: columns)
  }

  /// This map and then another as one.
  public func followed(by next: AxisMap) -> AxisMap {
    precondition(
      next.inputSize == outputSize,
      "AxisMap: \(outputSize) positions followed by a map of \(next.inputSize)")
    return AxisMap(
      inputSize: inputSize,
      taps: (0..<next.outputSize).map { position in
        next.taps(of: position).flatMap { outer in
          taps(of: outer.index).map {
            Tap(index: $0.index, weight: outer.weight * $0.weight)
          }
        }.sorted { $0.index < $1.index }
      })
  }

  private func taps(of position: Int) -> [Tap] {
    (Int(starts[position])..<Int(starts[position + 1])).map {
      Tap(index: Int(indices[$0]), weight: Double(weights[$0]))
    }
  }

  /// The map for the C kernel.
  func withTaps(_ body: (CKernelsAxisMap) -> Void) {
    starts.withUnsafeBufferPointer { starts in
      indices.withUnsafeBufferPointer { indices in
        weights.withUnsafeBufferPointer { weights in
          body(
            CKernelsAxisMap(
              starts: starts.baseAddress, indices: indices.baseAddress,
              weights: weights.baseAddress, inputSize: Int64(inputSize),
              outputSize: Int64(outputSize)))
        }
      }
    }
  }
}

extension [AxisMap.Tap] {
  /// The same with neighbours of one index added up.
  fileprivate var merged: [AxisMap.Tap] {
    reduce(into: []) { merged, tap in
      if let last = merged.last, last.index == tap.index {
        merged[merged.count - 1].weight += tap.weight
      } else {
        merged.append(tap)
      }
    }
  }
}
