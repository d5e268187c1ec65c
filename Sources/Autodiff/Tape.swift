public import Kernels
public import Tensors

/// The explicit list of the operations of one forward pass, run backwards for the gradients.
///
/// An operation computes its value, and `record`s the pullback that maps the gradient of its result
/// to the gradients of its inputs. Pullbacks keep just the tensors that they need, and are released
/// as soon as they have run.
public final class Tape {
  /// Whether pullbacks are kept; false for inference.
  public let isRecording: Bool
  /// Whether what runs in `recomputing` keeps just its input and is computed again when it is needed.
  public let recomputesBlocks: Bool
  /// The type that products and convolutions round their operands to: float32 leaves them as they
  /// are; with bfloat16, sums and everything else stay float32.
  public let operandType: ElementType
  /// How convolutions are computed.
  public let convolutions: ConvolutionArithmetic
  /// Whether weights that were packed for a product stay packed for the next.
  ///
  /// For many passes over a few rows, at the price of another copy of the weights, which must not change
  /// meanwhile; those of an arena that keeps operands alone stay packed beyond the tape. Not for recording, where each is packed once forward and, turned, once backward.
  public let keepsFactorPanels: Bool
  /// What the bits of a row of an affine map depend on; on the row alone only without recording.
  public let rowBits: RowBits
  /// Told the values that the model names with `Variable.observed(as:)`; for golden tests.
  public var observer: ((String, Tensor) -> Void)?
  /// Told the convolutions as they are computed; for benchmarks.
  var convolutionObserver: ((ConvolutionDirection, ConvolutionShape) -> Void)?

  private struct Record {
    let outputs: [Adjoint]
    let pullback: ([Tensor?]) -> Void
  }

  private var records: [Record] = []
  private var parameters: [ParameterKey: Variable] = [:]
  /// The operands of parameters whose packed weights are kept.
  private var roundedValues: [ParameterKey: RoundedValue] = [:]
  /// The tape that this one is a part of: parameters and their adjoints are shared with it.
  private let parent: Tape?
  /// Whether a parameter that `parent` trains was looked up.
  private var usesTrainedParameters = false
  /// The arenas that have gradients and get none from this tape.
  private let frozenArenas: Set<ObjectIdentifier>
  /// The trained parameters of each arena in the order of their first use, with the number of records
  /// made before it.
  private var firstUses: [ObjectIdentifier: [(parameter: Parameter, recordCount: Int)]] = [:]

  /// Creates an empty tape.
  ///
  /// - Parameters:
  ///   - isRecording: Whether pullbacks are kept.
  ///   - operandType: float32 or bfloat16.
  ///   - convolutions: How convolutions are computed.
  ///   - recomputesBlocks: Whether `recomputing` keeps inputs only.
  ///   - keepsFactorPanels: Whether packed weights are kept; not while recording.
  ///   - rowBits: What the bits of a row of an affine map depend on.
  ///   - frozenArenas: Arenas whose parameters are constants here, although they have gradients: a
  ///     network that a loss looks through while another one is trained. An arena without gradients
  ///     is frozen on every tape.
  public init(
    isRecording: Bool, operandType: ElementType = .float32,
    convolutions: ConvolutionArithmetic = .accurate, recomputesBlocks: Bool = false,
    keepsFactorPanels: Bool = false, rowBits: RowBits = .ofShape,
    frozenArenas: [ParameterArena] = []
  ) {
    precondition(
      !isRecording || rowBits == .ofShape, "Tape: independent rows are for inference alone")
    precondition(
      operandType == .float32 || operandType == .bfloat16,
      "Tape: operands of type \(operandType); float32 or bfloat16 expected")
    precondition(
      !(isRecording && keepsFactorPanels), "Tape: packed weights are not kept while recording")
    self.isRecording = isRecording
    self.operandType = operandType
    self.convolutions = convolutions
    self.recomputesBlocks = recomputesBlocks
    self.keepsFactorPanels = keepsFactorPanels
    self.rowBits = rowBits
    self.frozenArenas = Set(frozenArenas.map { ObjectIdentifier($0) })
    parent = nil
  }

  /// Creates a tape for a part of what `parent` records.
  private init(partOf parent: Tape, isRecording: Bool) {
    self.isRecording = isRecording
    operandType = parent.operandType
    convolutions = parent.convolutions
    recomputesBlocks = false
    keepsFactorPanels = false
    rowBits = .ofShape
    frozenArenas = parent.frozenArenas
    self.parent = parent
    convolutionObserver = parent.convolutionObserver
  }

  /// The parameter as a variable whose gradient is written into the gradient array of its arena.
  ///
  /// All uses of a parameter on one tape share one adjoint. Of a frozen arena it is a constant:
  /// gradients pass through the operations to their other inputs, none is computed for it.
  public subscript(parameter: Parameter) -> Variable {
    if let known = parameters[parameter.key] { return known }
    precondition(
      !parameter.isOperandAlone || operandType == .bfloat16,
      "Tape: \(parameter.name) is kept in bfloat16 alone, and the tape has \(operandType) operands")
    if let parent {
      let shared = parent[parameter]
      usesTrainedParameters = usesTrainedParameters || shared.adjoint != nil
      return Variable(
        value: shared.value, tape: self, adjoint: isRecording ? shared.adjoint : nil,
        rounded: roundedValue(of: parameter))
    }
    let adjoint = trains(parameter) ? Adjoint(target: parameter.gradient) : nil
    let variable = Variable(
      value: parameter.value, tape: self, adjoint: adjoint, rounded: roundedValue(of: parameter))
    if adjoint != nil {
      parameters[parameter.key] = variable
      firstUses[parameter.key.arena, default: []].append((parameter, records.count))
    }
    return variable
  }

  /// Whether the parameter gets a gradient from this tape.
  private func trains(_ parameter: Parameter) -> Bool {
    isRecording && parameter.arena.hasGradients && !frozenArenas.contains(parameter.key.arena)
  }

  /// The parameter's operand; the same each time where packed weights are kept.
  private func roundedValue(of parameter: Parameter) -> RoundedValue {
    if keepsFactorPanels && parameter.arena.keepsOperandsAlone {
      return parameter.arena.keptOperand(of: parameter)
    }
    if let known = roundedValues[parameter.key] { return known }
    let value = RoundedValue(parameter.operand)
    if keepsFactorPanels { roundedValues[parameter.key] = value }
    return value
  }

  /// A value computed from `inputs`, with the pullback of the operation.
  ///
  /// - Parameters:
  ///   - value: The result.
  ///   - inputs: What it was computed from; when none wants a gradient, nothing is kept.
  ///   - gradientType: The type of the result's gradient when it arrives once.
  ///   - pullback: Given the gradient of the result, adds to the inputs' adjoints.
  /// - Returns: The result as a variable; a constant when nothing was kept.
  public func record(
    _ value: Tensor, from inputs: [Variable], gradientType: ElementType = .float32,
    pullback: @escaping (Tensor) -> Void
  ) -> Variable {
    record([value], from: inputs, gradientType: gradientType) { gradients in
      if let gradient = gradients[0] { pullback(gradient) }
    }[0]
  }

  /// Several values computed together; the pullback gets nil for a result that nothing depends on.
  public func record(
    _ values: [Tensor], from inputs: [Variable], gradientType: ElementType = .float32,
    pullback: @escaping ([Tensor?]) -> Void
  ) -> [Variable] {
    guard isRecording, inputs.contains(where: { $0.adjoint != nil }) else {
      return values.map { Variable(constant: $0, on: self) }
    }
    return append(values, gradientType: gradientType, pullback)
  }

  private func append(
    _ values: [Tensor], gradientType: ElementType = .float32,
    _ pullback: @escaping ([Tensor?]) -> Void
  ) -> [Variable] {
    let outputs = values.map {
      Variable(value: $0, tape: self, adjoint: Adjoint(elementType: gradientType))
    }
    records.append(Record(outputs: outputs.compactMap(\.adjoint), pullback: pullback))
    return outputs
  }

  /// A part of a model, for instance a block, whose activations need not be kept.
  ///
  /// When the tape records and `recomputesBlocks`, `body` runs without recording, and of all its
  /// values just the input is kept. In the backward pass it runs once more, with recording, and its
  /// pullbacks follow at once: one more forward pass in time, the activations of one part in memory.
  /// The bits stay the same, since every operation gives the same numbers for the same arguments, and
  /// random ones draw by counter. Otherwise `body` is called as it is.
  /// Source: Chen et al. 2016, section 4.
  ///
  /// - Parameters:
  ///   - x: The input.
  ///   - body: A function of its argument and of parameters, which it looks up on its argument's tape;
  ///     it uses no other variable of this tape.
  /// - Returns: What `body` returns, on this tape.
  public func recomputing(
    _ x: Variable, _ body: @escaping (Variable) -> Variable
  ) -> Variable {
    guard isRecording, recomputesBlocks else { return body(x) }
    let trial = Tape(partOf: self, isRecording: false)
    trial.observer = observer
    let y = body(Variable(constant: x.value, on: trial)).value
    // A block of a frozen network, whose input wants no gradient either.
    guard x.adjoint != nil || trial.usesTrainedParameters else {
      return Variable(constant: y, on: self)
    }
    let (input, adjoint) = (x.value, x.adjoint)
    // Unowned: only this tape runs its records, and a tape that never goes back must still be freed.
    return append([y]) { [unowned self] gradients in
      guard let gradient = gradients[0] else { return }
      let tape = Tape(partOf: self, isRecording: true)
      let again = body(Variable(value: input, tape: tape, adjoint: adjoint))
      again.adjoint?.accumulate(gradient)
      tape.runPullbacks {}
    }[0]
  }

  /// Runs the pullbacks from `loss`, a single number whose gradient is 1, back to the parameters.
  ///
  /// Afterwards the tape is empty. Parameters of `arenas` that the loss does not depend on get a
  /// gradient of zero; those of other arenas are left as they are.
  public func backward(from loss: Variable, into arenas: ParameterArena...) {
    start(from: loss, into: arenas)
    runPullbacks {}
    for arena in arenas { _ = takeFinalParameters(of: arena) }
    forgetParameters()
  }

  /// Runs the pullbacks as `backward(from:into:)` does, and tells which gradients are final.
  ///
  /// A parameter's gradient is final once every record made since the parameter was first looked up
  /// has run back, however often it was used: what came before cannot have used it. Other arenas that
  /// the tape trains get their gradients too, and nothing is told of them.
  ///
  /// - Parameters:
  ///   - loss: Where to begin.
  ///   - arena: The parameters' arena.
  ///   - afterEach: Called before the first pullback and after each one with the parameters whose
  ///     gradients have just become final, those that nothing depends on among them; every
  ///     parameter of `arena` comes once.
  public func backward(
    from loss: Variable, into arena: ParameterArena, afterEach: ([Parameter]) throws -> Void
  ) rethrows {
    let unused = start(from: loss, into: [arena])
    try afterEach(unused + takeFinalParameters(of: arena))
    try runPullbacks { try afterEach(takeFinalParameters(of: arena)) }
    forgetParameters()
  }

  /// Gives the loss its gradient, and zeros to the parameters that were not looked up.
  ///
  /// - Returns: Those parameters.
  @discardableResult
  private func start(from loss: Variable, into arenas: [ParameterArena]) -> [Parameter] {
    precondition(loss.value.count == 1, "backward: the loss has shape \(loss.shape)")
    for arena in arenas {
      precondition(
        arena.hasGradients && !frozenArenas.contains(ObjectIdentifier(arena)),
        "backward: into an arena that is frozen on this tape")
    }
    loss.adjoint?.accumulate(Tensor(repeating: 1, shape: loss.shape))
    let unused = arenas.flatMap(\.parameters).filter { parameters[$0.key] == nil }
    for parameter in unused { fill(parameter.gradient.buffer, with: 0) }
    return unused
  }

  private func forgetParameters() {
    parameters.removeAll()
    firstUses.removeAll()
  }

  private func runPullbacks(afterEach: () throws -> Void) rethrows {
    while let record = records.popLast() {
      let gradients = record.outputs.map { $0.take() }
      if gradients.contains(where: { $0 != nil }) { record.pullback(gradients) }
      try afterEach()
    }
  }

  /// The parameters of an arena that no record left on the tape can have used.
  private func takeFinalParameters(of arena: ParameterArena) -> [Parameter] {
    let key = ObjectIdentifier(arena)
    var final: [Parameter] = []
    while let (parameter, recordCount) = firstUses[key]?.last, recordCount >= records.count {
      firstUses[key]?.removeLast()
      if parameters[parameter.key]?.adjoint?.gradient == nil {
        fill(parameter.gradient.buffer, with: 0)
      }
      final.append(parameter)
    }
    return final
  }
}
