import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

/// Operators on tapes with bfloat16 operands: against references that round the operands and sum in
/// double precision, and against the float32 operators.
@Suite struct BFloat16OperatorTests {
  /// What an operation gave: its value and the gradients of its inputs for the gradient `dy`.
  private struct Outcome {
    let value: [Double]
    let gradients: [[Double]]
    let dy: [Double]
  }

  private func run(
    _ operandType: ElementType, _ inputs: [Tensor], _ operation: ([Variable]) -> Variable
  ) -> Outcome {
    let tape = Tape(isRecording: true, operandType: operandType)
    let variables = inputs.map { Variable(input: $0, on: tape) }
    let y = operation(variables)
    var numbers = TestNumbers(seed: 78)
    let dy = numbers.tensor(y.shape)
    tape.backward(from: weightedTotal(y, dy))
    return Outcome(
      value: y.value.doubles,
      gradients: variables.map { $0.adjoint?.gradient?.doubles ?? [] }, dy: dy.doubles)
  }

  /// Expects what rounding changes: something, and no more than a hundredth.
  private func expectNear(_ actual: Outcome, _ exact: Outcome, _ label: String) {
    let pairs = zip([actual.value] + actual.gradients, [exact.value] + exact.gradients)
    for (index, (a, b)) in pairs.enumerated() {
      let error = expectClose(a, b, tolerance: 1e-2, floor: 1e-3, "\(label), result \(index)")
      #expect(index > 0 || error > 1e-5, "\(label): nothing was rounded")
    }
  }

  private func rounded(_ x: Tensor) -> [Double] { x.doubles.map(BFloat16Reference.rounded) }

  @Test(arguments: LinearOperatorTests.cases + [([3, 70, 129], 65)])
  func linearSumsRoundedOperands(shape: [Int], outputSize: Int) {
    var numbers = TestNumbers(seed: 1)
    let inputSize = shape[shape.count - 1]
    let (x, weight) = (numbers.tensor(shape), numbers.tensor([outputSize, inputSize]))
    let bias = numbers.tensor([outputSize])
    let outcome = run(.bfloat16, [x, weight, bias]) { linear($0[0], weight: $0[1], bias: $0[2]) }
    expectAffine(outcome, x, weight, bias, dy: outcome.dy)
    let exact = run(.float32, [x, weight, bias]) { linear($0[0], weight: $0[1], bias: $0[2]) }
    expectNear(outcome, exact, "linear \(shape) to \(outputSize)")
  }

  /// Value (unless nil) and gradients of an affine map whose result has the gradient `dy`.
  private func expectAffine(
    _ outcome: Outcome, _ x: Tensor, _ weight: Tensor, _ bias: Tensor, dy: [Double],
    checksValue: Bool = true
  ) {
    let (inputSize, outputSize) = (x.lastDimension, weight.shape[0])
    let rowCount = x.rowCount
    let dyRounded = dy.map(BFloat16Reference.rounded)
    if checksValue {
      expectClose(
        outcome.value,
        ProductsReference.affine(
          rounded(x), weight: rounded(weight), bias: bias.doubles, inputSize: inputSize,
          outputSize: outputSize), tolerance: 2e-6, "value")
    }
    expectClose(
      outcome.gradients[0],
      ProductsReference.product(
        dyRounded, rounded(weight), rowCount: rowCount, columnCount: inputSize, depth: outputSize),
      tolerance: 1e-5, "gradient of x")
    expectClose(
      outcome.gradients[1],
      ProductsReference.product(
        ProductsReference.transpose(dyRounded, rowCount: rowCount, columnCount: outputSize),
        rounded(x), rowCount: outputSize, columnCount: inputSize, depth: rowCount),
      tolerance: 1e-5, "gradient of the weights")
    let columnSums = (0..<outputSize).map { column in
      stride(from: column, to: dy.count, by: outputSize).reduce(0) { $0 + dy[$1] }
    }
    expectClose(outcome.gradients[2], columnSums, tolerance: 1e-5, "gradient of the bias")
  }

  @Test func linearGELUSumsRoundedOperands() {
    var numbers = TestNumbers(seed: 2)
    let (x, weight) = (numbers.tensor([5, 31, 70]), numbers.tensor([65, 70]))
    let bias = numbers.tensor([65])
    let fused = run(.bfloat16, [x, weight, bias]) {
      linearGELU($0[0], weight: $0[1], bias: $0[2])
    }
    // The composed twin: what is stored before and behind the activation is rounded, and so is the
    // gradient between them.
    let before = run(.bfloat16, [x, weight, bias]) {
      linear($0[0], weight: $0[1], bias: $0[2], resultType: .bfloat16)
    }
    let u = Tensor(before.value.map(Float.init), shape: [5, 31, 65])
    #expect(before.value == rounded(u), "the value before the activation is rounded")
    let activated = run(.float32, [u]) { gelu($0[0]) }
    #expect(fused.value == activated.value.map(BFloat16Reference.rounded))
    expectAffine(
      fused, x, weight, bias, dy: activated.gradients[0].map(BFloat16Reference.rounded),
      checksValue: false)
    let exact = run(.float32, [x, weight, bias]) {
      linearGELU($0[0], weight: $0[1], bias: $0[2])
    }
    expectNear(fused, exact, "linearGELU")
  }

  @Test(arguments: [
    ([2, 3, 5, 3], [6, 3, 3, 3]), ([2, 9, 8, 17], [20, 3, 3, 17]), ([1, 4, 3, 7], [2, 3, 3, 7]),
    ([2, 3, 3, 4], [6, 1, 1, 4]),
  ])
  func convolutionSumsRoundedOperands(xShape: [Int], weightShape: [Int]) {
    var numbers = TestNumbers(seed: 3)
    let (x, weight) = (numbers.tensor(xShape), numbers.tensor(weightShape))
    let bias = numbers.tensor([weightShape[0]])
    let shape = ConvolutionShape(
      batchSize: xShape[0], height: xShape[1], width: xShape[2], inputCount: xShape[3],
      outputCount: weightShape[0], kernelHeight: weightShape[1], kernelWidth: weightShape[2])
    let outcome = run(.bfloat16, [x, weight, bias]) {
      convolution($0[0], weight: $0[1], bias: $0[2])
    }
    expectClose(
      outcome.value,
      ConvolutionsReference.convolution(
        rounded(x), weight: rounded(weight), bias: bias.doubles, shape: shape), tolerance: 2e-6,
      "value of \(shape)")
    let gradients = ConvolutionsReference.gradients(
      outcome.dy.map(BFloat16Reference.rounded), rounded(x), weight: rounded(weight), shape: shape)
    expectClose(outcome.gradients[0], gradients.dx, tolerance: 1e-5, "gradient of x, \(shape)")
    expectClose(
      outcome.gradients[1], gradients.dWeight, tolerance: 1e-5, "gradient of weights, \(shape)")
    let exact = run(.float32, [x, weight, bias]) {
      convolution($0[0], weight: $0[1], bias: $0[2])
    }
    expectNear(outcome, exact, "convolution \(shape)")
  }

  @Test func siluProductRoundsOperandsAndResult() {
    var numbers = TestNumbers(seed: 4)
    let (gate, value) = (numbers.tensor([7, 33]), numbers.tensor([7, 33]))
    let outcome = run(.bfloat16, [gate, value]) { siluProduct($0[0], $0[1]) }
    let exact = run(.float32, [gate, value]) { siluProduct($0[0], $0[1]) }
    let saved = [gate, value].map { Tensor(rounded($0).map(Float.init), shape: $0.shape) }
    let twin = run(.float32, saved) { siluProduct($0[0], $0[1]) }
    #expect(outcome.value == twin.value.map(BFloat16Reference.rounded))
    #expect(outcome.gradients == twin.gradients)
    expectNear(outcome, exact, "siluProduct")
  }

  /// A norm that rounds its result is one whose reader rounds it: the values are the same numbers, the
  /// gradients what a rounded gradient in between makes of them.
  @Test(arguments: 0..<3)
  func normsRoundWhatTheirReadersWouldRound(norm: Int) {
    var numbers = TestNumbers(seed: 8)
    let (x, gain) = (numbers.tensor([2, 3, 5, 70]), numbers.tensor([70]))
    let (bias, weight) = (numbers.tensor([70]), numbers.tensor([33, 70]))
    func outcome(_ resultType: ElementType) -> Outcome {
      run(.bfloat16, [x, gain, bias, weight]) { inputs in
        let (x, gain, bias) = (inputs[0], inputs[1], inputs[2])
        let normalized =
          switch norm {
          case 0: layerNorm(x, weight: gain, bias: bias, epsilon: 1e-5, resultType: resultType)
          case 1: rmsNorm(x, weight: gain, epsilon: 1e-5, resultType: resultType)
          default:
            groupNorm(
              x, weight: gain, bias: bias, groupCount: 7, epsilon: 1e-6, activation: .silu,
              resultType: resultType)
          }
        #expect(normalized.value.elementType == resultType)
        return linear(normalized, weight: inputs[3])
      }
    }
    let (early, late) = (outcome(.bfloat16), outcome(.float32))
    #expect(early.value == late.value)
    for (index, (a, b)) in zip(early.gradients, late.gradients).enumerated() {
      expectClose(a, b, tolerance: 1e-2, floor: 1e-3, "gradient \(index) of norm \(norm)")
    }
  }

  /// What arrives once has the value's type; a sum does not.
  @Test func gradientsOfRoundedValuesAreRoundedUnlessTheyAreSums() {
    var numbers = TestNumbers(seed: 9)
    let (x, first) = (numbers.tensor([5, 20]), numbers.tensor([7, 20]))
    let (second, third) = (numbers.tensor([9, 7]), numbers.tensor([9, 7]))
    func gradient(readers: [Tensor]) -> (ElementType, [Double]) {
      let tape = Tape(isRecording: true, operandType: .bfloat16)
      func constant(_ x: Tensor) -> Variable { Variable(constant: x, on: tape) }
      let y = linear(
        Variable(input: x, on: tape), weight: constant(first), resultType: .bfloat16)
      var arrived = (ElementType.float32, [Double]())
      let watched = tape.record(y.value, from: [y], gradientType: .bfloat16) { dy in
        arrived = (dy.elementType, dy.doubles)
      }
      let total = readers.map { linear(watched, weight: constant($0)) }.reduce(nil) {
        sum, next in sum.map { add($0, next) } ?? next
      }
      if let total {
        var numbers = TestNumbers(seed: 10)
        tape.backward(from: weightedTotal(total, numbers.tensor(total.shape)))
      }
      return arrived
    }
    let (one, other, both) = (
      gradient(readers: [second]), gradient(readers: [third]),
      gradient(readers: [second, third])
    )
    #expect(one.0 == .bfloat16 && both.0 == .float32)
    expectClose(
      both.1, zip(one.1, other.1).map(+), tolerance: 5e-3, "the sum of two gradients")
  }

  /// Attention rounds its operands and its result; what it rounds between is tested with the kernel.
  @Test(arguments: [
    AttentionCase(batchCount: 2, tokenCount: 17, headSize: 16, hasNorms: true),
    AttentionCase(
      batchCount: 2, tokenCount: 33, headSize: 6, groupSizes: [1, 4, 20, 8], hasNorms: false),
  ])
  func attentionRoundsOperandsAndResult(test: AttentionCase) {
    let inputs = test.inputs(seed: 6)
    let outcome = run(.bfloat16, inputs) { test.attend($0) }
    #expect(outcome.value == outcome.value.map(BFloat16Reference.rounded))
    expectNear(outcome, run(.float32, inputs) { test.attend($0) }, "\(test)")
  }

  /// An arena with one matrix of random weights.
  private func weights(_ shape: [Int]) -> (ParameterArena, Parameter) {
    let arena = ParameterArena()
    let parameter = ParameterScope(arena).parameter("weight", shape, .normal(standardDeviation: 1))
    arena.allocate(forTraining: true, operandType: .bfloat16)
    arena.initialize(seed: 3)
    return (arena, parameter)
  }

  /// The arena's copy is what products take, also under the moving average's values.
  @Test func productsTakeTheArenasCopy() {
    let (arena, parameter) = weights([9, 17])
    var numbers = TestNumbers(seed: 5)
    let x = numbers.tensor([4, 17])
    let average = numbers.tensor([arena.count])
    func product() -> [Double] {
      let tape = arena.makeTape(isRecording: false)
      return linear(Variable(constant: x, on: tape), weight: tape[parameter]).value.doubles
    }
    func expected() -> [Double] {
      ProductsReference.affine(
        rounded(x), weight: rounded(parameter.value), bias: nil, inputSize: 17, outputSize: 9)
    }
    expectClose(product(), expected(), tolerance: 2e-6, "fresh values")
    _ = arena.withValues(average) {
      expectClose(product(), expected(), tolerance: 2e-6, "moving average")
    }
    expectClose(product(), expected(), tolerance: 2e-6, "own values again")
  }

  /// A weight that stays packed gives the same bits, the second time too.
  @Test func keptFactorPanelsChangeNothing() {
    let (arena, parameter) = weights([70, 33])
    var numbers = TestNumbers(seed: 5)
    let inputs = [numbers.tensor([4, 33]), numbers.tensor([2, 19, 33])]
    func products(on tape: Tape) -> [[Double]] {
      inputs.map { linear(Variable(constant: $0, on: tape), weight: tape[parameter]).value.doubles }
    }
    let kept = arena.makeTape(isRecording: false, keepsFactorPanels: true)
    #expect(products(on: kept) == products(on: arena.makeTape(isRecording: false)))
  }

  /// Operands that are kept alone stay packed from tape to tape, until others are assigned.
  @Test func panelsOfLoneOperandsOutliveTheTape() {
    let (whole, parameter) = weights([70, 33])
    let alone = ParameterArena(frozenForOperandsOf: .bfloat16)
    let operand = ParameterScope(alone).parameter(
      "weight", [70, 33], .constant(0), isOperand: true)
    alone.allocateFrozen()
    var numbers = TestNumbers(seed: 5)
    let input = numbers.tensor([4, 33])
    func product(_ arena: ParameterArena, _ parameter: Parameter, keeps: Bool) -> [Double] {
      let tape = arena.makeTape(isRecording: false, keepsFactorPanels: keeps)
      return linear(Variable(constant: input, on: tape), weight: tape[parameter]).value.doubles
    }
    for seed in 1...2 {
      whole.initialize(seed: UInt64(seed))
      operand.assign(parameter.value)
      let expected = product(whole, parameter, keeps: false)
      for _ in 0..<2 { #expect(product(alone, operand, keeps: true) == expected, "\(seed)") }
    }
  }

  @Test func recordingTapesKeepNoFactorPanels() async {
    await #expect(processExitsWith: .failure) {
      _ = Tape(isRecording: true, operandType: .bfloat16, keepsFactorPanels: true)
    }
  }

  @Test func otherOperandTypesAreRefused() async {
    await #expect(processExitsWith: .failure) {
      _ = Tape(isRecording: false, operandType: .int32)
    }
  }
}
