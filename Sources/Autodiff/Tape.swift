import Kernels
public import Tensors

/// The explicit list of the operations of one forward pass, run backwards for the gradients.
///
/// An operation computes its value, and `record`s the pullback that maps the gradient of its result
/// to the gradients of its inputs. Pullbacks keep just the tensors that they need, and are released
/// as soon as they have run.
public final class Tape {
  /// Whether pullbacks are kept; false for inference.
  public let isRecording: Bool
  /// Told the values that the model names with `Variable.observed(as:)`; for golden tests.
  public var observer: ((String, Tensor) -> Void)?

  private struct Record {
    let outputs: [Adjoint]
    let pullback: ([Tensor?]) -> Void
  }

  private var records: [Record] = []
  private var parameters: [Int: Variable] = [:]
  /// The parameters in the order of their first use, with the number of records made before it.
  private var firstUses: [(parameter: Parameter, recordCount: Int)] = []

  /// Creates an empty tape.
  public init(isRecording: Bool) { self.isRecording = isRecording }

  /// The parameter as a variable whose gradient is written into the gradient arena.
  ///
  /// All uses of a parameter on one tape share one adjoint.
  public subscript(parameter: Parameter) -> Variable {
    if let known = parameters[parameter.index] { return known }
    let adjoint = isRecording ? Adjoint(target: parameter.gradient) : nil
    let variable = Variable(value: parameter.value, tape: self, adjoint: adjoint)
    parameters[parameter.index] = variable
    if isRecording { firstUses.append((parameter, records.count)) }
    return variable
  }

  /// A value computed from `inputs`, with the pullback of the operation.
  ///
  /// - Parameters:
  ///   - value: The result.
  ///   - inputs: What it was computed from; when none wants a gradient, nothing is kept.
  ///   - pullback: Given the gradient of the result, adds to the inputs' adjoints.
  /// - Returns: The result as a variable; a constant when nothing was kept.
  public func record(
    _ value: Tensor, from inputs: [Variable], pullback: @escaping (Tensor) -> Void
  ) -> Variable {
    record([value], from: inputs) { gradients in
      if let gradient = gradients[0] { pullback(gradient) }
    }[0]
  }

  /// Several values computed together; the pullback gets nil for a result that nothing depends on.
  public func record(
    _ values: [Tensor], from inputs: [Variable], pullback: @escaping ([Tensor?]) -> Void
  ) -> [Variable] {
    guard isRecording, inputs.contains(where: { $0.adjoint != nil }) else {
      return values.map { Variable(constant: $0, on: self) }
    }
    let outputs = values.map { Variable(value: $0, tape: self, adjoint: Adjoint()) }
    records.append(Record(outputs: outputs.compactMap(\.adjoint), pullback: pullback))
    return outputs
  }

  /// Runs the pullbacks from `loss`, a single number whose gradient is 1, back to the parameters.
  ///
  /// Afterwards the tape is empty. Parameters of `arena` that the loss does not depend on get a
  /// gradient of zero.
  public func backward(from loss: Variable, into arena: ParameterArena? = nil) {
    backward(from: loss, into: arena) { _ in }
  }

  /// Runs the pullbacks as `backward(from:into:)` does, and tells which gradients are final.
  ///
  /// A parameter's gradient is final once every record made since the parameter was first looked up
  /// has run back, however often it was used: what came before cannot have used it.
  ///
  /// - Parameters:
  ///   - loss: Where to begin.
  ///   - arena: The parameters' arena.
  ///   - afterEach: Called before the first pullback and after each one with the parameters whose
  ///     gradients have just become final, those that nothing depends on among them; every
  ///     parameter of `arena` comes once.
  public func backward(
    from loss: Variable, into arena: ParameterArena?, afterEach: ([Parameter]) throws -> Void
  ) rethrows {
    precondition(loss.value.count == 1, "backward: the loss has shape \(loss.shape)")
    loss.adjoint?.accumulate(Tensor(repeating: 1, shape: loss.shape))
    let unused = arena?.parameters.filter { parameters[$0.index] == nil } ?? []
    for parameter in unused { fill(parameter.gradient.buffer, with: 0) }
    try afterEach(unused + takeFinalParameters(of: arena))
    while let record = records.popLast() {
      let gradients = record.outputs.map { $0.take() }
      if gradients.contains(where: { $0 != nil }) { record.pullback(gradients) }
      try afterEach(takeFinalParameters(of: arena))
    }
    parameters.removeAll()
  }

  /// The parameters that no record left on the tape can have used.
  private func takeFinalParameters(of arena: ParameterArena?) -> [Parameter] {
    var final: [Parameter] = []
    while let (parameter, recordCount) = firstUses.last, recordCount >= records.count {
      firstUses.removeLast()
      if arena != nil, parameters[parameter.index]?.adjoint?.gradient == nil {
        fill(parameter.gradient.buffer, with: 0)
      }
      final.append(parameter)
    }
    return final
  }
}
