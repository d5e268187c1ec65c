import Foundation
public import Tensors

/// How tokens are chosen from logits: temperature, then top-k, then the nucleus, then a draw from
/// what is left; or always the most likely token.
///
/// A draw depends on the key, the number of the sample and the position of the token only, never on
/// the batch or on the step that the token is sampled in.
public struct TokenChoice: Sendable, Equatable {
  /// Whether the most likely token is taken, the first one on ties.
  public let isGreedy: Bool
  /// Divides the logits.
  public let temperature: Double
  /// Number of tokens to choose among; nil for all.
  public let topK: Int?
  /// Probability of the nucleus to choose from; nil for all.
  public let topP: Double?

  /// A choice that always takes the most likely token.
  public static let greedy = TokenChoice(isGreedy: true, temperature: 1, topK: nil, topP: nil)

  /// A choice that draws.
  ///
  /// - Parameters:
  ///   - temperature: Divides the logits; positive.
  ///   - topK: Number of tokens to choose among, positive; nil for all.
  ///   - topP: Probability of the nucleus, in (0, 1]; nil for all.
  public init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil) {
    self.init(isGreedy: false, temperature: temperature, topK: topK, topP: topP)
  }

  private init(isGreedy: Bool, temperature: Double, topK: Int?, topP: Double?) {
    self.isGreedy = isGreedy
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    // Bad settings stop the program here, not at the first token.
    _ = rules
  }

  /// The rules of a draw, in the order of their application.
  public var rules: [any LogitsRule] {
    var rules: [any LogitsRule] = [TemperatureRule(temperature)]
    if let topK { rules.append(TopKRule(topK)) }
    if let topP { rules.append(NucleusRule(topP)) }
    return rules
  }

  /// Chooses tokens.
  ///
  /// - Parameters:
  ///   - logits: `[batch, positions, vocabulary]`.
  ///   - samples: The samples of the batch.
  ///   - firstPosition: The first position of the logits in the sequence of tokens.
  ///   - key: Key of all draws.
  /// - Returns: Tokens, int32 `[batch, positions]`.
  /// - Throws: `NotFiniteLogits` when a distribution is not one.
  public func callAsFunction(
    _ logits: Tensor, samples: [SampleIdentity], firstPosition: Int, key: RandomKey
  ) throws(NotFiniteLogits) -> Tensor {
    precondition(
      logits.dimensionCount == 3 && logits.shape[0] == samples.count && logits.lastDimension > 0,
      "TokenChoice: logits of shape \(logits.shape) for \(samples.count) samples")
    let (positionCount, vocabularySize) = (logits.shape[1], logits.shape[2])
    let rules = rules
    let numbers = logits.array(of: Float.self)
    var tokens: [Int32] = []
    tokens.reserveCapacity(logits.rowCount)
    for (index, sample) in samples.enumerated() {
      let sampleKey = sample.key(below: key)
      for offset in 0..<positionCount {
        let start = (index * positionCount + offset) * vocabularySize
        var row = Array(numbers[start..<start + vocabularySize])
        let position = firstPosition + offset
        guard let likeliest = likeliestToken(of: row) else {
          throw NotFiniteLogits(sample: sample, position: position)
        }
        if isGreedy {
          tokens.append(Int32(likeliest))
        } else {
          for rule in rules { rule.apply(to: &row) }
          var stream = RandomStream(sampleKey.child(position))
          tokens.append(Int32(drawnToken(from: row, at: stream.uniform())))
        }
      }
    }
    return Tensor(tokens, shape: [samples.count, positionCount])
  }
}

/// The token with the largest logit, the first one on ties; nil when that is not finite or a logit
/// is no number.
func likeliestToken(of logits: [Float]) -> Int? {
  var best = 0
  for token in logits.indices {
    if logits[token].isNaN { return nil }
    if logits[token] > logits[best] { best = token }
  }
  return logits[best].isFinite ? best : nil
}

/// The token in which the share `uniform` in [0, 1) of the distribution's mass falls.
func drawnToken(from logits: [Float], at uniform: Double) -> Int {
  let largest = logits.max() ?? 0
  let masses = logits.map { exp(Double($0 - largest)) }
  let target = uniform * masses.reduce(0, +)
  var sum = 0.0
  var last = 0
  for (token, mass) in masses.enumerated() where mass > 0 {
    sum += mass
    last = token
    if target < sum { break }
  }
  return last
}

/// A distribution of tokens that is none: the model has diverged or its weights are damaged.
public struct NotFiniteLogits: Error, Equatable, CustomStringConvertible {
  /// The image.
  public let sample: SampleIdentity
  /// The position of the token.
  public let position: Int

  /// Names a distribution.
  public init(sample: SampleIdentity, position: Int) {
    self.sample = sample
    self.position = position
  }

  /// What happened and what to do.
  public var description: String {
    "the generator's logits for image \(sample.ordinal) of class \(sample.label), token \(position) are "
      + "not finite: the model has diverged or its weights are damaged; try an earlier checkpoint"
  }
}
