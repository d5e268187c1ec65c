public import Kernels
public import Tensors

/// All parameters of a model in one flat array, and their gradients in a parallel one.
///
/// The optimizer, clipping, the moving average, the sum over ranks, the digest and the checkpoint
/// are each one pass over these arrays. Every parameter begins at a multiple of 16 elements, so
/// that vectors stay aligned; the gaps are zero and stay zero.
public final class ParameterArena {
  /// The parameters in the order of their creation.
  public private(set) var parameters: [Parameter] = []
  /// The values, `[count]`; empty before `allocate`.
  public private(set) var values = Tensor(uninitialized: [0])
  /// The gradients, `[count]`; empty before `allocate`.
  public private(set) var gradients = Tensor(uninitialized: [0])
  /// The values rounded to bfloat16, `[count]`, the operands of products; nil without mixed
  /// precision.
  ///
  /// The optimizer's pass keeps it up to date; whoever else writes values calls `refreshOperands`.
  /// Where operands are kept alone, it has the parameters that are not in `values`.
  public private(set) var operands: Tensor?
  /// Elements of the arrays, gaps included; where operands are kept alone, of `values`.
  public private(set) var count = 0
  /// Whether parameters that are nothing but operands are kept in bfloat16 alone, 2 bytes each.
  public let keepsOperandsAlone: Bool
  /// Whether there is an array of gradients; an arena without one is frozen.
  public private(set) var hasGradients = false
  /// How the convolutions of its tapes are computed.
  public private(set) var convolutions = ConvolutionArithmetic.accurate
  /// Told the convolutions of its tapes, as they are computed; for benchmarks.
  package var convolutionObserver: ((ConvolutionDirection, ConvolutionShape) -> Void)?
  /// Whether the layout is closed and the arrays exist.
  public private(set) var isAllocated = false

  private var indexByName: [String: Int] = [:]
  /// Operands with their packed forms, where operands are kept alone: nobody changes them but `assign`.
  private var keptOperands: [Int: RoundedValue] = [:]
  /// Elements of the parameters that are kept as operands alone, gaps included.
  private var loneOperandCount = 0

  static let alignment = 16

  /// Creates an empty arena.
  public init() { keepsOperandsAlone = false }

  /// Creates an empty arena of a frozen network.
  ///
  /// - Parameter operandType: The operand type of the tapes that the network will be used on. With
  ///   bfloat16, parameters that are nothing but operands have no float32 values: rounding is all that
  ///   those tapes would do to them.
  public init(frozenForOperandsOf operandType: ElementType) {
    keepsOperandsAlone = operandType == .bfloat16
  }

  /// Trainable elements, without gaps.
  public var elementCount: Int { parameters.reduce(0) { $0 + $1.elementCount } }

  /// Bytes of the arrays of a frozen network with this layout, allocated or not.
  public var frozenByteCount: Int { 4 * count + 2 * loneOperandCount }

  /// The parameter with a published name, if there is one.
  public subscript(name: String) -> Parameter? { indexByName[name].map { parameters[$0] } }

  /// The operand of one of its parameters, the same each time, so that what is packed once stays packed.
  func keptOperand(of parameter: Parameter) -> RoundedValue {
    precondition(keepsOperandsAlone, "ParameterArena: the operand of \(parameter.name) may change")
    if let known = keptOperands[parameter.index] { return known }
    let operand = RoundedValue(parameter.operand)
    keptOperands[parameter.index] = operand
    return operand
  }

  func forgetOperand(of parameter: Parameter) { keptOperands[parameter.index] = nil }

  /// Reserves the region of a parameter; only before `allocate`.
  func add(
    name: String, shape: [Int], layout: PublishedLayout, initializer: Initializer, isOperand: Bool
  ) -> Parameter {
    precondition(!isAllocated, "ParameterArena: \(name) was added after allocate()")
    precondition(indexByName[name] == nil, "ParameterArena: \(name) exists twice")
    let isOperandAlone = keepsOperandsAlone && isOperand
    let parameter = Parameter(
      arena: self, index: parameters.count, name: name, shape: shape,
      offset: isOperandAlone ? loneOperandCount : count, layout: layout, initializer: initializer,
      isOperandAlone: isOperandAlone)
    indexByName[name] = parameter.index
    parameters.append(parameter)
    let size = (parameter.elementCount + Self.alignment - 1) / Self.alignment * Self.alignment
    if isOperandAlone { loneOperandCount += size } else { count += size }
    return parameter
  }

  /// The type of the operands of products with the parameters: float32, or bfloat16 in mixed
  /// precision.
  public var operandType: ElementType { operands?.elementType ?? .float32 }

  /// Closes the layout and creates the arrays, all zero.
  ///
  /// - Parameters:
  ///   - forTraining: Whether there are gradients; a network that losses look through has none.
  ///   - operandType: Type of the operands of products: float32 or bfloat16.
  ///   - convolutions: How convolutions are computed.
  public func allocate(
    forTraining: Bool, operandType: ElementType = .float32,
    convolutions: ConvolutionArithmetic = .accurate
  ) {
    precondition(!isAllocated, "ParameterArena: allocate() was called twice")
    precondition(
      !keepsOperandsAlone || !forTraining && operandType == .bfloat16,
      "ParameterArena: an arena of operands alone, forTraining \(forTraining), \(operandType)")
    isAllocated = true
    self.convolutions = convolutions
    values = Tensor(repeating: 0, shape: [count])
    hasGradients = forTraining
    if forTraining { gradients = Tensor(repeating: 0, shape: [count]) }
    guard operandType == .bfloat16 else { return }
    operands = Tensor(uninitialized: [keepsOperandsAlone ? loneOperandCount : count], .bfloat16)
    refreshOperands()
  }

  /// Closes the layout of a frozen network's arena and creates its arrays, without gradients.
  ///
  /// - Parameter convolutions: How convolutions are computed on its own tapes.
  public func allocateFrozen(convolutions: ConvolutionArithmetic = .accurate) {
    allocate(
      forTraining: false, operandType: keepsOperandsAlone ? .bfloat16 : .float32,
      convolutions: convolutions)
  }

  /// Rounds all values again, after they were written by others than the optimizer.
  public func refreshOperands() {
    guard let operands, !keepsOperandsAlone else { return }
    roundToBFloat16(into: operands.buffer, values.buffer)
  }

  /// Rounds the values of one of its parameters again, after they were written by others than the
  /// optimizer.
  public func refreshOperands(of parameter: Parameter) {
    guard let operands, !keepsOperandsAlone else { return }
    roundToBFloat16(into: operands.buffer[parameter.range], values.buffer[parameter.range])
  }

  /// A tape for operations with the parameters, whose products take operands of the arena's type.
  public func makeTape(
    isRecording: Bool, recomputesBlocks: Bool = false, keepsFactorPanels: Bool = false,
    rowBits: RowBits = .ofShape, frozenArenas: [ParameterArena] = []
  ) -> Tape {
    let tape = Tape(
      isRecording: isRecording, operandType: operandType, convolutions: convolutions,
      recomputesBlocks: recomputesBlocks, keepsFactorPanels: keepsFactorPanels,
      rowBits: rowBits, frozenArenas: frozenArenas)
    tape.convolutionObserver = convolutionObserver
    return tape
  }

  /// Runs `body` with other values in the parameters' place, for instance their moving average.
  public func withValues<Result>(_ other: Tensor, _ body: () throws -> Result) rethrows -> Result {
    precondition(
      other.count == count && !keepsOperandsAlone,
      "ParameterArena: \(other.count) values for \(count) elements")
    let own = values
    setValues(other)
    defer { setValues(own) }
    return try body()
  }

  private func setValues(_ other: Tensor) {
    values = other
    refreshOperands()
  }

  /// An array for a lane's gradients: gaps are zero, all else is to be written.
  public func makeGradients() -> Tensor {
    let array = Tensor(uninitialized: [count])
    let ends = parameters.dropFirst().map(\.offset) + [count]
    for (parameter, end) in zip(parameters, ends) {
      fill(array.buffer[parameter.range.upperBound..<end], with: 0)
    }
    return array
  }

  /// Puts the next lane's gradients into the place of the present ones.
  ///
  /// Where nobody else holds the present array, it serves again.
  ///
  /// - Returns: The array: gaps are zero, all else is to be written.
  public func renewGradients() -> Tensor {
    if gradients.buffer.isUniquelyReferenced() { return gradients }
    gradients = Tensor(uninitialized: [0])
    gradients = makeGradients()
    return gradients
  }

  /// Puts the gradients into another array from now on, for instance the next lane's.
  public func setGradients(_ other: Tensor) {
    precondition(
      other.count == count, "ParameterArena: \(other.count) gradients for \(count) elements")
    gradients = other
  }
}

/// A named region of a parameter arena.
public struct Parameter {
  unowned let arena: ParameterArena
  /// Position in the arena's list.
  public let index: Int
  /// The published name.
  public let name: String
  /// The engine's shape: linear `[output, input]`, convolution `[output, height, width, input]`.
  public let shape: [Int]
  /// First element in the arena's arrays, or in `operands` where the arena keeps it there alone.
  public let offset: Int
  /// How the published files lay the tensor out.
  public let layout: PublishedLayout
  /// How the values are drawn for a new model.
  public let initializer: Initializer
  /// Whether the arena keeps it in bfloat16 alone, as an operand.
  public let isOperandAlone: Bool

  init(
    arena: ParameterArena, index: Int, name: String, shape: [Int], offset: Int,
    layout: PublishedLayout, initializer: Initializer, isOperandAlone: Bool
  ) {
    self.arena = arena
    self.index = index
    self.name = name
    self.shape = shape
    self.offset = offset
    self.layout = layout
    self.initializer = initializer
    self.isOperandAlone = isOperandAlone
  }

  /// What tells the parameter apart from those of all arenas.
  var key: ParameterKey { ParameterKey(arena: ObjectIdentifier(arena), index: index) }

  /// Number of elements.
  public var elementCount: Int { shape.reduce(1, *) }

  /// Elements of the arena's arrays that belong to the parameter.
  public var range: Range<Int> { offset..<offset + elementCount }

  /// The values, a view of the arena; bfloat16 where it keeps them as operands alone.
  public var value: Tensor {
    if isOperandAlone, let operand { return operand }
    return Tensor(shape: shape, buffer: arena.values.buffer[range])
  }

  /// The values as operands of products, a view of the arena; nil where it has none.
  var operand: Tensor? {
    guard isOperandAlone == arena.keepsOperandsAlone else { return nil }
    return arena.operands.map { Tensor(shape: shape, buffer: $0.buffer[range]) }
  }

  /// Writes the values, rounded where the arena keeps them as operands alone.
  ///
  /// The copies that mixed precision keeps of values are `refreshOperands`'s.
  ///
  /// - Parameter values: float32, as many as the parameter has.
  public func assign(_ values: Tensor) {
    arena.forgetOperand(of: self)
    guard isOperandAlone else { return value.buffer.copy(from: values.buffer) }
    roundToBFloat16(into: value.buffer, values.buffer)
  }

  /// The gradient, a view of the arena.
  public var gradient: Tensor { Tensor(shape: shape, buffer: arena.gradients.buffer[range]) }

  /// The shape in published files.
  public var publishedShape: [Int] { layout.publishedShape(of: shape) }
}

/// A parameter among those of several arenas.
struct ParameterKey: Hashable {
  let arena: ObjectIdentifier
  let index: Int
}

/// How a parameter's published tensor relates to the engine's.
public enum PublishedLayout: Sendable, Equatable {
  /// The same elements in the same order, under the given shape.
  case same(shape: [Int])
  /// A convolution: published `[output, input, kernel...]`, here `[output, kernel..., input]`, with a
  /// kernel of one or two axes.
  case convolution
  /// A vector with an element for each column of a convolution's matrix: published `[input·kernel]`,
  /// here `[kernel..., input]`.
  case convolutionColumns

  func publishedShape(of shape: [Int]) -> [Int] {
    switch self {
    case .same(let published): published
    case .convolution: [shape[0], shape[shape.count - 1]] + shape[1..<shape.count - 1]
    case .convolutionColumns: [shape.reduce(1, *)]
    }
  }

  /// What becomes of the order of elements: nil where it is the same, else each of `[kernel, input]`
  /// here is published as `[input, kernel]`.
  package func transposition(of shape: [Int]) -> (kernelSize: Int, inputCount: Int)? {
    let kernelAxes =
      switch self {
      case .same: 0..<0
      case .convolution: 1..<shape.count - 1
      case .convolutionColumns: 0..<shape.count - 1
      }
    guard !kernelAxes.isEmpty else { return nil }
    return (shape[kernelAxes].reduce(1, *), shape[shape.count - 1])
  }
}

/// How a parameter's values are drawn for a new model (Docs/Method.md, section 5).
public enum Initializer: Sendable, Equatable {
  /// All the same.
  case constant(Float)
  /// Normal with the given standard deviation.
  case normal(standardDeviation: Float)
  /// Normal with the given standard deviation, redrawn outside ±2 (absolute, as PyTorch's `trunc_normal_`).
  case truncatedNormal(standardDeviation: Float)
  /// Uniform in ±bound.
  case uniform(bound: Float)
  /// A random direction: all elements together have the Euclidean norm 1.
  case unitVector
}
