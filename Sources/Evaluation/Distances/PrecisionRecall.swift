import Kernels

/// The part of samples that look like references, and of references that samples look like.
///
/// A point's ball reaches as far as its k-th neighbour in its own set, which does not count itself.
///
///     precision = part of the samples in the ball of at least one reference
///     recall    = part of the references in the ball of at least one sample
///
/// The border belongs to the ball. Distances are squared differences of float32 features, summed in double
/// precision; each depends on its two points alone.
/// Source: Kynkäänniemi et al. 2019, section 3; Docs/Evaluation.md, section 4.
public struct PrecisionRecall: Sendable, Equatable {
  /// The part of the samples, in [0, 1].
  public let precision: Double
  /// The part of the references, in [0, 1].
  public let recall: Double

  /// Both of given parts.
  public init(precision: Double, recall: Double) {
    (self.precision, self.recall) = (precision, recall)
  }
}

/// The work of precision and recall, cut into blocks of points that any rank can do: first the radii of all
/// points, then which of them are inside.
struct NeighbourSearch: Sendable {
  /// Points of a block.
  static let blockSize = 256
  /// Points that a block is compared with at a time.
  private static let stripSize = 2048

  /// How distances are computed, in words.
  static let precision = "squared differences of float32 features, summed in float64"

  /// Which of the two sets.
  enum Side: Sendable {
    case references
    case samples
  }

  /// Some points of a set.
  struct Block: Sendable {
    let side: Side
    let points: Range<Int>
  }

  let dimension: Int
  let neighbourCount: Int
  /// `[references, dimension]`.
  let references: [Float]
  /// `[samples, dimension]`.
  let samples: [Float]

  /// All blocks, those of the references first.
  var blocks: [Block] {
    [Side.references, .samples].flatMap { side in
      let count = points(of: side).count / dimension
      return stride(from: 0, to: count, by: Self.blockSize).map {
        Block(side: side, points: $0..<min(count, $0 + Self.blockSize))
      }
    }
  }

  /// Points with the features of two sets.
  ///
  /// - Throws: `EvaluationError` where a set has no more than k points.
  init(
    references: [Float], samples: [Float], dimension: Int, neighbourCount: Int
  ) throws(EvaluationError) {
    precondition(
      neighbourCount > 0 && references.count.isMultiple(of: dimension)
        && samples.count.isMultiple(of: dimension),
      "NeighbourSearch: \(references.count) and \(samples.count) numbers in rows of \(dimension)")
    for (name, rows) in [("the references", references), ("the samples", samples)] {
      let count = rows.count / dimension
      guard count > neighbourCount else {
        throw .tooFewImages(set: name, found: count, needed: neighbourCount + 1)
      }
    }
    self.references = references
    self.samples = samples
    self.dimension = dimension
    self.neighbourCount = neighbourCount
  }

  private func points(of side: Side) -> [Float] { side == .references ? references : samples }

  /// The squared radius of each point of a block.
  func squaredRadii(of block: Block) -> [Double] {
    let all = points(of: block.side)
    // The k smallest so far of each point, ascending.
    var nearest = [[Double]](
      repeating: [Double](repeating: .infinity, count: neighbourCount), count: block.points.count)
    forEachStrip(of: block, against: all) { strip, distances in
      for (row, point) in block.points.enumerated() {
        for (column, other) in strip.enumerated() where other != point {
          let distance = distances[row * strip.count + column]
          if distance < nearest[row][neighbourCount - 1] {
            Self.insert(distance, into: &nearest[row])
          }
        }
      }
    }
    return nearest.map { $0[neighbourCount - 1] }
  }

  /// 1 for each point of a block that is in the ball of a point of the other set, 0 for the others.
  func insideness(of block: Block, squaredRadii: [Double]) -> [Double] {
    let others = points(of: block.side == .references ? .samples : .references)
    var isInside = [Bool](repeating: false, count: block.points.count)
    forEachStrip(of: block, against: others) { strip, distances in
      for row in isInside.indices where !isInside[row] {
        isInside[row] = strip.indices.contains { other in
          distances[row * strip.count + other - strip.lowerBound] <= squaredRadii[other]
        }
      }
    }
    return isInside.map { $0 ? 1 : 0 }
  }

  private func forEachStrip(
    of block: Block, against others: [Float], _ body: (Range<Int>, [Double]) -> Void
  ) {
    let count = others.count / dimension
    var distances = [Double](repeating: 0, count: block.points.count * min(count, Self.stripSize))
    for start in stride(from: 0, to: count, by: Self.stripSize) {
      let strip = start..<min(count, start + Self.stripSize)
      squaredDistances(
        into: &distances, points(of: block.side), rows: block.points, others, rows: strip,
        channelCount: dimension)
      body(strip, distances)
    }
  }

  private static func insert(_ distance: Double, into nearest: inout [Double]) {
    var index = nearest.count - 1
    while index > 0, nearest[index - 1] > distance {
      nearest[index] = nearest[index - 1]
      index -= 1
    }
    nearest[index] = distance
  }
}

extension PrecisionRecall {
  /// Precision and recall on this process alone.
  ///
  /// - Parameters:
  ///   - references: Features of the references, `[references, dimension]`.
  ///   - samples: Features of the samples, `[samples, dimension]`.
  ///   - dimension: Numbers of a feature.
  ///   - neighbourCount: k.
  /// - Throws: `EvaluationError` where a set has no more than k images.
  public init(
    references: [Float], samples: [Float], dimension: Int, neighbourCount: Int = 3
  ) throws(EvaluationError) {
    let search = try NeighbourSearch(
      references: references, samples: samples, dimension: dimension,
      neighbourCount: neighbourCount)
    self.init(search) { blocks, work in blocks.map(work) }
  }

  /// Does the work of a search, shared out.
  ///
  /// - Parameters:
  ///   - search: The work.
  ///   - share: Gives the results of all blocks; which rank works on which is its own matter.
  init(
    _ search: NeighbourSearch,
    _ share: ([NeighbourSearch.Block], (NeighbourSearch.Block) -> [Double]) throws -> [[Double]]
  ) rethrows {
    let blocks = search.blocks
    func joined(_ results: [[Double]], _ side: NeighbourSearch.Side) -> [Double] {
      zip(blocks, results).filter { $0.0.side == side }.flatMap(\.1)
    }
    let radii = try share(blocks, search.squaredRadii)
    let (ofReferences, ofSamples) = (joined(radii, .references), joined(radii, .samples))
    let inside = try share(blocks) { block in
      search.insideness(of: block, squaredRadii: block.side == .samples ? ofReferences : ofSamples)
    }
    func mean(_ side: NeighbourSearch.Side) -> Double {
      let shares = joined(inside, side)
      return shares.reduce(0, +) / Double(shares.count)
    }
    self.init(precision: mean(.samples), recall: mean(.references))
  }
}
