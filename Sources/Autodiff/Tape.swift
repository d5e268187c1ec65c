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
  /// The type that products and convolutions round their operands to: float32 leaves them as they
  /// are; with bfloat16, sums and everything else stay float32.
  public let operandType: ElementType
  /// Told the values that the model names with `Variable.observed(as:)`; for golden tests.
  public var observer: ((String, Tensor) -> Void)?

  private struct Record {
    let outputs: [Adjoint]
    let pullback: ([Tensor?]) -> Void
  }

  private var records: [Record] = []
  private var parameters: [Int: Variable] = [:]

  /// Creates an empty tape.
  public init(isRecording: Bool, operandType: ElementType = .float32) {
    precondition(
      operandType == .float32 || operandType == .bfloat16,
      "Tape: operands of type \(operandType); float32 or bfloat16 expected")
    self.isRecording = isRecording
    self.operandType = operandType
  }

  /// The parameter as a variable whose gradient is written into the gradient arena.
  ///
  /// All uses of a parameter on one tape share one adjoint.
  public subscript(parameter: Parameter) -> Variable {
    if let known = parameters[parameter.index] { return known }
    let adjoint = isRecording ? Adjoint(target: parameter.gradient) : nil
    let variable = Variable(
      value: parameter.value, tape: self, adjoint: adjoint, operand: parameter.operand)
    parameters[parameter.index] = variable
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
    precondition(loss.value.count == 1, "backward: the loss has shape \(loss.shape)")
    loss.adjoint?.accumulate(Tensor(repeating: 1, shape: loss.shape))
    while let record = records.popLast() {
      let gradients = record.outputs.map { $0.take() }
      if gradients.contains(where: { $0 != nil }) { record.pullback(gradients) }
    }
    if let arena { zeroUntouched(of: arena) }
    parameters.removeAll()
  }

  private func zeroUntouched(of arena: ParameterArena) {
    for parameter in arena.parameters
    where parameters[parameter.index]?.adjoint?.gradient == nil {
      fill(parameter.gradient.buffer, with: 0)
    }
  }
}
