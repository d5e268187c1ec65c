import Kernels
import Tensors
import TestSupport
import Testing

/// Rounding, and products and convolutions of bfloat16 operands by both routes.
@Suite struct BFloat16Tests {
  /// The routes that this processor has.
  static let routes: [BFloat16Route] =
    BFloat16Route.available

  @Test func oneDNNIsPreferredWhereItHasTheInstructions() {
    print("bfloat16 routes tested here: \(Self.routes)")
    let sets = ["avx512_core_bf16", "avx512_core_amx"]
    let hasInstructions = sets.contains(MathLibraries.current.oneDNNInstructionSet)
    #expect(BFloat16Route.available == (hasInstructions ? [.library, .widened] : [.widened]))
    let isFast = hasInstructions && ProcessorKind.current != .slowPairs
    #expect(BFloat16Route.preferred == (isFast ? .library : .widened))
  }

  @Test(arguments: [1, 2, 7, 16, 33, 1023, 40_001])
  func roundingFindsTheNearest(count: Int) {
    var numbers = TestNumbers(seed: UInt64(count))
    let x = (0..<count).map { _ -> Float in
      let scale = Float(sign: .plus, exponent: Int(numbers.next() % 60) - 30, significand: 1)
      return numbers.number() * scale
    }
    let source = Tensor(x, shape: [count])
    let expected = x.map { BFloat16Reference.rounded(Double($0)) }
    #expect(Tensor(shape: [count], buffer: source.buffer.rounded.widened).doubles == expected)
    for route in BFloat16Route.allCases {
      let operand = bfloat16Operand(source.buffer, route: route)
      #expect(operand.elementType == (route == .library ? .bfloat16 : .float32))
      #expect(Tensor(shape: [count], buffer: operand.widened).doubles == expected)
    }
  }

  @Test func tiesGoToTheEvenNeighbour() {
    // One half of the last bit above 1, above 1 + 2⁻⁷, and just over and under the former.
    let x: [Float] = [
      1 + 0x1p-8, 1 + 0x1p-7 + 0x1p-8, 1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-8 - 0x1p-20, -1 - 0x1p-8,
    ]
    let y = Tensor(x, shape: [5]).buffer.rounded.widened.array(of: Float.self)
    #expect(y == [1, 1 + 0x1p-6, 1 + 0x1p-7, 1, -1])
  }

  @Test func numbersOutsideTheRangeStayWhatTheyAre() {
    let x: [Float] = [
      .infinity, -.infinity, .greatestFiniteMagnitude, 0, -0.0, 0x1p-133, 0x1p-149, .nan,
      Float(bitPattern: 0x7f80_0001),
    ]
    let y = Tensor(x, shape: [x.count]).buffer.rounded.widened.array(of: Float.self)
    #expect(y[0] == .infinity && y[1] == -.infinity && y[2] == .infinity)
    #expect(y[3].bitPattern == 0 && y[4].bitPattern == 0x8000_0000)
    #expect(y[5] == 0x1p-133 && y[6] == 0)
    #expect(y[7].isNaN && y[8].isNaN)
  }

  /// Rows, inputs, outputs; the last ones are cut into tiles.
  static let sizes = [
    (1, 1, 1), (3, 5, 7), (17, 33, 1), (2, 1, 9), (130, 70, 190), (700, 257, 65),
  ]

  @Test(arguments: sizes, routes)
  func affineMapsSumRoundedOperands(size: (Int, Int, Int), route: BFloat16Route) {
    let (rowCount, inputSize, outputSize) = size
    var numbers = TestNumbers(seed: 4)
    let x = numbers.tensor([rowCount, inputSize]).buffer.rounded
    let weight = numbers.tensor([outputSize, inputSize]).buffer.rounded
    let bias = numbers.tensor([outputSize])
    let dy = bfloat16Operand(numbers.tensor([rowCount, outputSize]).buffer, route: route)
    let y = Buffer(.float32, count: rowCount * outputSize)
    affine(
      into: y, x, weight: weight, bias: bias.buffer, rowCount: rowCount, route: route)
    expectClose(
      y.doubles,
      ProductsReference.affine(
        x.doubles, weight: weight.doubles, bias: bias.doubles, inputSize: inputSize,
        outputSize: outputSize), tolerance: 2e-6, "\(size) by \(route)")
    for isAdding in [false, true] {
      let before = numbers.tensor([rowCount, inputSize])
      let dx = Buffer(.float32, count: before.count)
      dx.copy(from: before.buffer)
      affineBackwardData(
        into: dx, isAdding: isAdding, dy, weight: weight, rowCount: rowCount, route: route)
      let expected = ProductsReference.product(
        dy.doubles, weight.doubles, rowCount: rowCount, columnCount: inputSize, depth: outputSize)
      expectClose(
        dx.doubles, isAdding ? zip(expected, before.doubles).map(+) : expected, tolerance: 2e-6,
        "dx of \(size) by \(route), adding \(isAdding)")
    }
    let dWeight = Buffer(.float32, count: weight.count)
    affineBackwardWeights(
      into: dWeight, isAdding: false, dy, x, rowCount: rowCount, route: route)
    let transposed = ProductsReference.transpose(
      dy.doubles, rowCount: rowCount, columnCount: outputSize)
    expectClose(
      dWeight.doubles,
      ProductsReference.product(
        transposed, x.doubles, rowCount: outputSize, columnCount: inputSize, depth: rowCount),
      tolerance: 2e-6, "dW of \(size) by \(route)")
  }

  static let shapes = [
    (1, 1, 1, 1, 1, 1), (2, 3, 5, 3, 6, 3), (1, 4, 3, 7, 2, 3), (2, 5, 7, 16, 16, 3),
    (1, 9, 8, 33, 20, 3), (2, 3, 3, 4, 6, 1),
  ]

  @Test(arguments: shapes, routes)
  func convolutionsSumRoundedOperands(
    sizes: (Int, Int, Int, Int, Int, Int), route: BFloat16Route
  ) {
    let shape = ConvolutionShape(
      batchSize: sizes.0, height: sizes.1, width: sizes.2, inputCount: sizes.3,
      outputCount: sizes.4, kernelHeight: sizes.5, kernelWidth: sizes.5)
    var numbers = TestNumbers(seed: 5)
    let x = numbers.tensor([shape.inputElementCount]).buffer.rounded
    let weight = numbers.tensor([shape.weightCount]).buffer.rounded
    let bias = numbers.tensor([shape.outputCount])
    let dy = bfloat16Operand(numbers.tensor([shape.outputElementCount]).buffer, route: route)
    let y = Buffer(.float32, count: shape.outputElementCount)
    convolution(into: y, x, weight: weight, bias: bias.buffer, shape: shape, route: route)
    expectClose(
      y.doubles,
      ConvolutionsReference.convolution(
        x.doubles, weight: weight.doubles, bias: bias.doubles, shape: shape), tolerance: 2e-6,
      "\(shape) by \(route)")
    let expected = ConvolutionsReference.gradients(
      dy.doubles, x.doubles, weight: weight.doubles, shape: shape)
    for isAdding in [false, true] {
      let dx = Tensor(repeating: isAdding ? 2 : .nan, shape: [x.count]).buffer
      convolutionBackwardData(
        into: dx, isAdding: isAdding, dy, weight: weight, shape: shape, route: route)
      let dWeight = Tensor(repeating: isAdding ? 2 : .nan, shape: [weight.count]).buffer
      convolutionBackwardWeights(
        into: dWeight, isAdding: isAdding, dy, x, shape: shape, route: route)
      let offset = isAdding ? 2.0 : 0
      expectClose(
        dx.doubles, expected.dx.map { $0 + offset }, tolerance: 2e-6, "dx of \(shape), \(route)")
      expectClose(
        dWeight.doubles, expected.dWeight.map { $0 + offset }, tolerance: 2e-6,
        "dW of \(shape), \(route)")
    }
  }

  @Test func bitsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 6)
    let x = numbers.tensor([517, 130]).buffer.rounded
    let weight = numbers.tensor([300, 130]).buffer.rounded
    let results = onThreadCounts([1, 2, 3]) {
      let y = Buffer(.float32, count: 517 * 300)
      affine(into: y, x, weight: weight, bias: nil, rowCount: 517, route: .widened)
      return y.array(of: Float.self)
    }
    for result in results { #expect(result == results[0]) }
  }

  @Test func countsThatDifferAreRefused() async {
    await #expect(processExitsWith: .failure) {
      roundToBFloat16(into: Buffer(.bfloat16, count: 3), Buffer(.float32, count: 4))
    }
    await #expect(processExitsWith: .failure) {
      roundToBFloat16(into: Buffer(.float32, count: 4), Buffer(.float32, count: 4))
    }
  }
}

extension Buffer {
  /// The elements in double precision.
  var doubles: [Double] { widened.array(of: Float.self).map(Double.init) }
}
