import Foundation

/// Plain loops of the losses, for tests.
package enum LossesReference {
  /// Σ (x − target)².
  package static func squaredError(_ x: [Double], _ target: [Double]) -> Double {
    zip(x, target).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  /// Σ max(0, 1 − sign·x).
  package static func hinge(_ x: [Double], sign: Double) -> Double {
    x.reduce(0) { $0 + max(0, 1 - sign * $1) }
  }

  /// Σ over rows of −log softmax(logits)[target].
  package static func crossEntropy(_ logits: [Double], targets: [Int], vocabularySize: Int)
    -> Double
  {
    var total = 0.0
    for (row, target) in targets.enumerated() {
      let values = logits[row * vocabularySize..<(row + 1) * vocabularySize]
      let largest = values.max() ?? 0
      let sum = values.reduce(0) { $0 + exp($1 - largest) }
      total += largest + log(sum) - values[values.startIndex + target]
    }
    return total
  }
}
