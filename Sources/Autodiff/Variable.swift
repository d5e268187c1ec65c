public import Kernels
public import Tensors

/// A tensor on a tape: a value, and the place where its gradient gathers when one is wanted.
public struct Variable {
  /// The value; of the tape's operand type, with a gradient of that type, if the operation that
  /// computed it was told that only operations that round it anyway will read it.
  public let value: Tensor
  /// The tape that operations on this variable are recorded on.
  public let tape: Tape
  /// Where the gradient gathers; nil when no gradient with respect to this value is wanted.
  public let adjoint: Adjoint?
  /// What pullbacks of later operations keep instead of the value: how to compute it again.
  private var rebuild: (() -> Tensor)?
  private let rounded: RoundedValue?

  /// A constant: operations on it are computed, its gradient is not.
  public init(constant value: Tensor, on tape: Tape) {
    self.init(value: value, tape: tape, adjoint: nil)
  }

  /// An input whose gradient is wanted, to be read from `adjoint` after the backward pass.
  public init(input value: Tensor, on tape: Tape) {
    self.init(value: value, tape: tape, adjoint: tape.isRecording ? Adjoint() : nil)
  }

  init(value: Tensor, tape: Tape, adjoint: Adjoint?, rounded: RoundedValue? = nil) {
    self.value = value
    self.tape = tape
    self.adjoint = adjoint
    self.rounded = tape.operandType == .bfloat16 ? rounded ?? RoundedValue(nil) : nil
  }

  /// The value as an operand of products, in the tape's operand type: rounded once for all uses.
  ///
  /// A pullback that keeps this one keeps half the memory.
  var operand: Tensor {
    guard let rounded, value.elementType == .float32 else { return value }
    if let known = rounded.tensor { return known }
    let made = Tensor(shape: value.shape, buffer: value.buffer.rounded)
    rounded.tensor = made
    return made
  }

  /// The transpose of a matrix, packed for products with it, where the tape keeps packed weights and
  /// products take them; nil elsewhere.
  var factorPanels: FactorPanels? {
    guard tape.keepsFactorPanels, let rounded else { return nil }
    if let known = rounded.panels { return known }
    rounded.panels = FactorPanels(weight: operand.buffer, inputSize: shape[1])
    return rounded.panels
  }

  /// The same variable, whose value later pullbacks compute again instead of keeping it.
  ///
  /// For values that take one cheap pass over what this variable's own pullback keeps anyway. Small
  /// ones are kept all the same: beside their operations the pass would be felt, their memory is not.
  ///
  /// - Parameter rebuild: Gives the value, with the same bits.
  /// - Returns: The variable; unchanged when it is small or no pullback will run.
  func rebuilt(by rebuild: @escaping () -> Tensor) -> Variable {
    guard adjoint != nil, value.count * value.elementType.byteCount >= Self.rebuiltByteCount
    else { return self }
    var variable = self
    variable.rebuild = rebuild
    return variable
  }

  /// Bytes from which on a value is computed again rather than kept.
  private static let rebuiltByteCount = 4_500_000

  /// The value as an operand of products, for a pullback to keep, or to compute again when it runs.
  var kept: () -> Tensor {
    guard let rebuild else { return { [operand] in operand } }
    guard rounded != nil else { return rebuild }
    return {
      let value = rebuild()
      guard value.elementType == .float32 else { return value }
      return Tensor(shape: value.shape, buffer: value.buffer.rounded)
    }
  }

  /// Elements along each axis.
  public var shape: [Int] { value.shape }

  /// The same value as a constant: the gradient stops here (`sg` in the paper's formulas).
  public var detached: Variable { Variable(constant: value, on: tape) }

  /// Reports the value to the tape's observer under `name`, and returns this variable.
  @discardableResult
  public func observed(as name: @autoclosure () -> String) -> Variable {
    if let observer = tape.observer { observer(name(), value) }
    return self
  }
}

/// The bfloat16 copy of a value, and the same packed for products, once they were asked for.
final class RoundedValue {
  var tensor: Tensor?
  var panels: FactorPanels?

  init(_ tensor: Tensor?) { self.tensor = tensor }
}

/// The place where the gradient of one value gathers during the backward pass.
public final class Adjoint {
  /// The sum of what has arrived so far; nil before the first arrival.
  public private(set) var gradient: Tensor?
  /// The type of a gradient that arrives once; a sum of several is float32.
  public let elementType: ElementType
  /// A parameter's region of the gradient arena, which the gradient is written into.
  private let target: Tensor?

  init(target: Tensor? = nil, elementType: ElementType = .float32) {
    self.target = target
    self.elementType = elementType
  }

  /// Adds `arriving`; it may be shared with other adjoints and is not changed.
  public func accumulate(_ arriving: Tensor) {
    guard var sum = widenedGradient else {
      if let target {
        target.buffer.copy(from: arriving.buffer)
        gradient = target
      } else {
        gradient = arriving
      }
      return
    }
    precondition(
      sum.count == arriving.count,
      "Adjoint: gradient of shape \(arriving.shape) added to one of shape \(sum.shape)")
    gradient = nil
    if target != nil || sum.buffer.isUniquelyReferenced() {
      addInPlace(sum.buffer, arriving.buffer.widened)
      gradient = sum
    } else {
      let fresh = Tensor(uninitialized: sum.shape)
      addElements(into: fresh.buffer, sum.buffer, arriving.buffer.widened)
      gradient = fresh
    }
  }

  /// Lets a kernel write or add the gradient itself, without a tensor in between.
  ///
  /// - Parameters:
  ///   - shape: Shape of the value.
  ///   - write: Called with the buffer and whether the kernel must add to what is there
  ///     (otherwise the content is undefined and every element must be written).
  public func accumulate(shape: [Int], _ write: (Buffer, _ isAdding: Bool) -> Void) {
    if target == nil, var sum = widenedGradient {
      gradient = nil
      if !sum.buffer.isUniquelyReferenced() {
        let copy = Tensor(uninitialized: sum.shape)
        copy.buffer.copy(from: sum.buffer)
        sum = copy
      }
      write(sum.buffer, true)
      gradient = sum
      return
    }
    let sum = gradient ?? target ?? Tensor(uninitialized: shape, elementType)
    write(sum.buffer, gradient != nil)
    gradient = sum
  }

  /// What has arrived so far, in float32, so that it can be added to.
  private var widenedGradient: Tensor? {
    guard let gradient, gradient.elementType == .bfloat16 else { return gradient }
    return Tensor(shape: gradient.shape, buffer: gradient.buffer.widened)
  }

  /// Hands the gradient over and forgets it.
  func take() -> Tensor? {
    defer { gradient = nil }
    return gradient
  }
}
