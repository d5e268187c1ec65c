public import Autodiff

/// Self-attention with several heads: projections to q, k and v, softmax attention, an output map.
///
///     q̂ = rotate(norm(q)), k̂ = rotate(norm(k))
///     y = W·[softmax(q̂·k̂ᵀ/√headSize)·v of every head] + b
///
/// Input and output `[batch, tokens, width]`. Source: Vaswani et al. 2017, section 3.2.2; rotation: Su
/// et al. 2021, section 3.2; norms of queries and keys: Dehghani et al. 2023.
public struct MultiHeadAttention {
  /// Where the weights of q, k and v lie, with the published names.
  public enum Projection: Sendable {
    /// In one matrix, one third below the other.
    case packed(name: String)
    /// In a matrix each.
    case separate(query: String, key: String, value: String)
  }

  /// Which of q, k and v have a bias.
  public enum Bias: Sendable {
    /// None.
    case none
    /// Queries and values: without a rotation a bias of the keys adds the same to all scores of a
    /// query, which softmax ignores.
    case queriesAndValues
    /// All three.
    case all
  }

  /// What an attention consists of.
  public struct Configuration: Sendable {
    /// Channels of a token.
    public var width: Int
    /// Number of heads; it divides the width.
    public var headCount: Int
    /// The projections to q, k and v.
    public var projection: Projection
    /// Their biases: beside a packed matrix `q_bias` and `v_bias`, or its own `bias` for all.
    public var bias: Bias
    /// Whether queries and keys are normalised head by head, before the rotation.
    public var hasHeadNorms: Bool
    /// Published name of the output map.
    public var outputName: String
    /// Whether the output map has a bias.
    public var hasOutputBias: Bool

    /// Groups the choices.
    public init(
      width: Int, headCount: Int, projection: Projection, bias: Bias, hasHeadNorms: Bool,
      outputName: String, hasOutputBias: Bool
    ) {
      self.width = width
      self.headCount = headCount
      self.projection = projection
      self.bias = bias
      self.hasHeadNorms = hasHeadNorms
      self.outputName = outputName
      self.hasOutputBias = hasOutputBias
    }
  }

  private let weights: [Parameter]
  /// Biases of q, k and v, or one for all, where there are any.
  private let biases: [Parameter?]
  private let queryNorm: LayerNorm?
  private let keyNorm: LayerNorm?
  private let output: Linear
  private let width: Int
  private let headCount: Int

  /// Creates the parameters under their published names in a scope.
  ///
  /// - Parameters:
  ///   - configuration: What the attention consists of.
  ///   - initializer: How the weights of a new model are drawn; biases begin at zero.
  ///   - scope: Where the parameters are named; the head norms are `q_norm` and `k_norm`.
  public init(
    _ configuration: Configuration, initializer: Initializer, in scope: ParameterScope
  ) {
    let (width, headCount) = (configuration.width, configuration.headCount)
    precondition(
      headCount > 0 && width % (2 * headCount) == 0,
      "MultiHeadAttention: \(headCount) heads of an even width do not divide \(width)")
    (weights, biases) = Self.projections(configuration, initializer, scope)
    func norm(_ name: String) -> LayerNorm? {
      configuration.hasHeadNorms
        ? LayerNorm(channelCount: width / headCount, in: scope[name]) : nil
    }
    queryNorm = norm("q_norm")
    keyNorm = norm("k_norm")
    output = Linear(
      inputSize: width, outputSize: width, hasBias: configuration.hasOutputBias,
      initializer: initializer, in: scope[configuration.outputName])
    self.width = width
    self.headCount = headCount
  }

  /// Attends within `x`, `[batch, tokens, width]`.
  ///
  /// - Parameters:
  ///   - x: The tokens.
  ///   - rotary: The tokens' rotary angles; nil without a rotation.
  ///   - mask: What each token sees; everything when nil.
  ///   - isOperand: Whether only operations that round the result to the tape's operand type anyway read
  ///     it: it then has that type, and rounding needs no pass.
  /// - Returns: `[batch, tokens, width]`.
  public func callAsFunction(
    _ x: Variable, rotary: RotaryTable?, mask: BlockCausalMask?, isOperand: Bool = false
  ) -> Variable {
    let attended = selfAttention(
      packed(x, isOperand: true), headCount: headCount, headNorms: headNorms(on: x.tape),
      rotary: rotary, visibleKeyCounts: mask?.visibleKeyCounts)
    return output(attended, isOperand: isOperand)
  }

  /// Attends from the next positions of a sequence, `[batch, new, width]`, without gradients.
  ///
  /// They see one another and everything cached; their keys and values are appended.
  ///
  /// - Parameters:
  ///   - x: The new positions.
  ///   - rotary: Rotary angles of all positions; nil without a rotation.
  ///   - cache: The positions so far.
  /// - Returns: `[batch, new, width]`.
  /// - Precondition: There are no head norms; the tape does not record.
  public func callAsFunction(
    _ x: Variable, rotary: RotaryTable?, cache: KeyValueCache
  ) -> Variable {
    precondition(queryNorm == nil, "MultiHeadAttention: a cache, and norms of queries and keys")
    return output(
      cachedAttention(
        packed(x, isOperand: false), headCount: headCount, rotary: rotary, cache: cache))
  }
}

extension MultiHeadAttention {
  /// The parameters of the projections to q, k and v.
  private static func projections(
    _ configuration: Configuration, _ initializer: Initializer, _ scope: ParameterScope
  ) -> (weights: [Parameter], biases: [Parameter?]) {
    let width = configuration.width
    func map(_ name: String, _ outputSize: Int, hasBias: Bool) -> Linear {
      Linear(
        inputSize: width, outputSize: outputSize, hasBias: hasBias, initializer: initializer,
        in: scope[name])
    }
    switch configuration.projection {
    case .packed(let name):
      let packed = map(name, 3 * width, hasBias: configuration.bias == .all)
      guard configuration.bias == .queriesAndValues else { return ([packed.weight], [packed.bias]) }
      func bias(_ name: String) -> Parameter { scope.parameter(name, [width], .constant(0)) }
      return ([packed.weight], [bias("q_bias"), nil, bias("v_bias")])
    case .separate(let query, let key, let value):
      let maps = [
        map(query, width, hasBias: configuration.bias != .none),
        map(key, width, hasBias: configuration.bias == .all),
        map(value, width, hasBias: configuration.bias != .none),
      ]
      return (maps.map(\.weight), maps.map(\.bias))
    }
  }

  private func headNorms(on tape: Tape) -> HeadNorms? {
    guard let queryNorm, let keyNorm else { return nil }
    return HeadNorms(
      queryWeight: tape[queryNorm.weight], queryBias: tape[queryNorm.bias],
      keyWeight: tape[keyNorm.weight], keyBias: tape[keyNorm.bias], epsilon: queryNorm.epsilon)
  }

  /// Queries, keys and values side by side, `[batch, tokens, 3 * width]`.
  private func packed(_ x: Variable, isOperand: Bool) -> Variable {
    let tape = x.tape
    return linear(
      x, weight: stacked(weights, columnCount: width, on: tape),
      bias: biases.contains { $0 != nil } ? packedBias(on: tape) : nil,
      resultType: isOperand ? tape.operandType : .float32)
  }

  /// The biases of q, k and v in one vector, zero for those that have none.
  private func packedBias(on tape: Tape) -> Variable {
    reshape(stacked(biases, columnCount: 1, on: tape), to: [3 * width])
  }

  /// Matrices of `columnCount` columns one below the other, zero for those that are nil.
  private func stacked(_ parts: [Parameter?], columnCount: Int, on tape: Tape) -> Variable {
    if parts.count == 1, let whole = parts[0] { return tape[whole] }
    let none = Variable(constant: .init(repeating: 0, shape: [1, width, columnCount]), on: tape)
    let rows = parts.map { part in
      part.map { reshape(tape[$0], to: [1, width, columnCount]) } ?? none
    }
    return reshape(concatenateTokens(rows), to: [parts.count * width, columnCount])
  }
}
