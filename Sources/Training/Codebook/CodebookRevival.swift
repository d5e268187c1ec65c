import Autodiff
import Configurations
import DataParallel
import Kernels
import MessagePassing
import ResidualTokenizer
package import Tensors

/// Puts codes back into use that no token of the last steps has used: each takes the place of an encoding
/// of the present global batch, drawn at random.
///
/// Everything follows from the tokens of all lanes, which the ranks agree on, and from counts that are
/// among the network's buffers: every rank does the same, on any number of ranks and after any stop.
/// Source: Docs/Method.md, section 4.
package final class CodebookRevival {
  /// A code and the token of the global batch, in the order of lanes, samples and positions, whose
  /// encoding it becomes.
  package struct Choice: Equatable {
    /// The code.
    package let code: Int
    /// The token.
    package let token: Int
  }

  private let network: Network
  /// The codes, `[codes, width]`, a parameter of the network.
  private let codebook: Parameter
  /// For each code the steps since a token used it, at most `stepCount`.
  private let unusedStepCounts: Parameter
  /// Steps without use after which a code is dead.
  private let stepCount: Int
  private let seed: UInt64
  private let laneCount: Int
  /// The encodings of this rank's lanes in the present step, by lane.
  private var encodings: [Int: Tensor] = [:]

  /// Puts codes of a model back into use; nil where the configuration leaves them alone.
  convenience init?(
    of model: ResTok, in network: Network, _ configuration: TokenizerRunConfiguration
  ) {
    guard configuration.model.codebook.revives else { return nil }
    let training = configuration.training
    self.init(
      of: model.codebook, in: network, after: configuration.model.codebook.revivalStepCount,
      seed: training.run.seed, laneCount: training.batch.laneCount)
  }

  /// Names the counts among the network's buffers, before it is allocated.
  init(
    of codebook: Parameter, in network: Network, after stepCount: Int, seed: UInt64, laneCount: Int
  ) {
    self.network = network
    self.codebook = codebook
    self.stepCount = stepCount
    self.seed = seed
    self.laneCount = laneCount
    unusedStepCounts = ParameterScope(network.buffers)["quantize"].parameter(
      "unused_steps", [codebook.shape[0]], .constant(0))
  }

  /// Takes a lane's encodings, of length 1: `[samples, tokens, width]`.
  func add(_ encodings: Tensor, ofLane lane: Int) { self.encodings[lane] = encodings }

  /// Counts a step, and puts the codes that are dead then back into use; after the update.
  ///
  /// Collective: every rank, once a step.
  ///
  /// - Parameters:
  ///   - agreement: What the ranks agreed on, with the tokens of all lanes.
  ///   - communicator: The ranks.
  /// - Returns: How many codes were put back.
  /// - Throws: `ReplicaDivergence`, `MessagePassingError`.
  func advance(_ agreement: StepAgreement, _ communicator: Communicator) throws -> Int {
    defer { encodings = [:] }
    var counts = unusedStepCounts.value.array(of: Float.self)
    let dead = Self.advance(&counts, tokens: agreement.tokens, limit: stepCount)
    let choices = Self.choices(
      for: dead, tokenCount: agreement.tokens.count,
      key: RandomKey(seed: seed, purpose: .codebookRevival, step: agreement.step))
    if !choices.isEmpty {
      let rows = try chosenEncodings(choices, agreement, communicator)
      network.restart(
        Dictionary(uniqueKeysWithValues: zip(choices.map(\.code), rows)), of: codebook)
      for choice in choices { counts[choice.code] = 0 }
    }
    unusedStepCounts.value.buffer.copy(from: counts)
    return choices.count
  }

  /// Counts one more step for every code that no token uses.
  ///
  /// - Returns: The codes that `limit` steps have not used, ascending.
  package static func advance(_ counts: inout [Float], tokens: [UInt16], limit: Int) -> [Int] {
    var isUsed = [Bool](repeating: false, count: counts.count)
    for token in tokens { isUsed[Int(token)] = true }
    for code in counts.indices {
      counts[code] = isUsed[code] ? 0 : min(counts[code] + 1, Float(limit))
    }
    return counts.indices.filter { counts[$0] >= Float(limit) }
  }

  /// Draws a token for each dead code, no token twice; codes that get none wait for the next step.
  package static func choices(for dead: [Int], tokenCount: Int, key: RandomKey) -> [Choice] {
    guard !dead.isEmpty else { return [] }
    var stream = RandomStream(key)
    return zip(dead, stream.permutation(count: tokenCount)).map(Choice.init)
  }

  /// The encodings of the chosen tokens, from the ranks that have them.
  private func chosenEncodings(
    _ choices: [Choice], _ agreement: StepAgreement, _ communicator: Communicator
  ) throws -> [[Float]] {
    let width = codebook.shape[1]
    let tokensPerLane = agreement.tokens.count / laneCount
    // Two words that all ranks must have alike, then the encodings that are this rank's.
    let digest = Kernels.digest(of: choices.flatMap { [UInt64($0.code), UInt64($0.token)] })
    var words = [UInt32(truncatingIfNeeded: digest), UInt32(truncatingIfNeeded: digest >> 32)]
    for choice in choices {
      let (lane, row) = choice.token.quotientAndRemainder(dividingBy: tokensPerLane)
      guard let encoding = encodings[lane] else { continue }
      let vector = encoding.reshaped(to: [tokensPerLane, width]).slice(row..<row + 1)
      words += vector.array(of: Float.self).map(\.bitPattern)
    }
    let received = try communicator.allGather(words)
    try requireEqualChoices(received, step: agreement.step, communicator)
    let plan = try LanePlan(laneCount: laneCount, worldSize: communicator.worldSize)
    var positions = [Int](repeating: 2, count: received.count)
    return choices.map { choice in
      let rank = plan.rank(of: choice.token / tokensPerLane)
      defer { positions[rank] += width }
      return received[rank][positions[rank]..<positions[rank] + width].map(Float.init(bitPattern:))
    }
  }

  private func requireEqualChoices(
    _ received: [[UInt32]], step: Int, _ communicator: Communicator
  ) throws {
    if let divergence = ReplicaDivergence(
      quantity: .revivedCodes, step: step,
      values: received.map { UInt64($0[0]) | UInt64($0[1]) << 32 },
      hostNames: communicator.hostNames)
    {
      throw divergence
    }
  }
}
