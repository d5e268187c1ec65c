import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct WinogradTests {
  /// Whole tiles, tiles that the image ends in, images smaller than one, several blocks and strips, several panels, and
  /// other zeros around the image.
  static let shapes: [ConvolutionShape] = [
    shape(1, 8, 8, 16, 16), shape(2, 5, 7, 32, 16), shape(3, 1, 1, 16, 48), shape(1, 3, 2, 16, 32),
    shape(1, 9, 30, 96, 80), shape(5, 22, 25, 16, 16), shape(1, 6, 6, 144, 208),
    shape(2, 13, 11, 48, 32, .valid), shape(1, 7, 9, 16, 32, .zeros(2)),
    shape(1, 6, 9, 32, 16, .zeros(top: 0, bottom: 2, left: 1, right: 0)),
  ]
  static let variants: [WinogradVariant] = [.f2x2, .f2x4, .f4x4]

  static func shape(
    _ batchSize: Int, _ height: Int, _ width: Int, _ inputCount: Int, _ outputCount: Int,
    _ padding: Padding = .same
  ) -> ConvolutionShape {
    ConvolutionShape(
      batchSize: batchSize, height: height, width: width, inputCount: inputCount,
      outputCount: outputCount, kernelHeight: 3, kernelWidth: 3, padding: padding)
  }

  @Test(arguments: shapes, variants)
  func forwardMatchesTheReference(shape: ConvolutionShape, variant: WinogradVariant) {
    let given = ConvolutionsTests.Case(shape)
    for bias in [nil, given.bias] {
      let expected = ConvolutionsReference.convolution(
        given.x.doubles, weight: given.weight.doubles, bias: bias?.doubles, shape: shape)
      let results = FloatVectors.available.map { vectors in
        let y = Tensor(repeating: .nan, shape: [shape.outputElementCount])
        WinogradConvolution(shape, variant, multiplying: .float32(vectors)).run(
          into: y.buffer, given.x.buffer, weight: given.weight.buffer, bias: bias?.buffer)
        expectClose(y.doubles, expected, tolerance: 3e-6, "\(variant) of \(shape), \(vectors)")
        return y.buffer.array(of: Float.self)
      }
      // AVX2 and AVX-512.
      for result in results.dropFirst(2) { #expect(result == results[1]) }
    }
  }

  @Test(arguments: shapes, variants)
  func gradientsMatchTheReference(shape: ConvolutionShape, variant: WinogradVariant) throws {
    let given = ConvolutionsTests.Case(shape)
    let expected = ConvolutionsReference.gradients(
      given.dy.doubles, given.x.doubles, weight: given.weight.doubles, shape: shape)
    let turned = try #require(shape.mirrored)
    for isAdding in [false, true] {
      let dx = Tensor(repeating: isAdding ? 3 : .nan, shape: [shape.inputElementCount])
      WinogradConvolution(turned, variant, multiplying: .float32(.widest)).run(
        into: dx.buffer, isAdding: isAdding, given.dy.buffer, weight: given.weight.buffer,
        bias: nil, isTurned: true)
      expectClose(
        dx.doubles, expected.dx.map { $0 + (isAdding ? 3 : 0) }, tolerance: 3e-6,
        "\(variant) of \(shape), input")
      for vectors in FloatVectors.available {
        let dWeight = Tensor(repeating: isAdding ? 3 : .nan, shape: [shape.weightCount])
        WinogradWeightGradient(shape, variant, multiplying: .float32(vectors)).run(
          into: dWeight.buffer, isAdding: isAdding, given.dy.buffer, given.x.buffer)
        expectClose(
          dWeight.doubles, expected.dWeight.map { $0 + (isAdding ? 3 : 0) }, tolerance: 6e-6,
          "\(variant) of \(shape), weights, \(vectors)")
      }
    }
  }

  /// bfloat16 operands are exact in float32: only the result is rounded.
  @Test(arguments: shapes, [WinogradVariant.f2x2, .f4x4])
  func bfloat16OperandsGiveTheBitsOfWidenedOnes(shape: ConvolutionShape, variant: WinogradVariant) {
    let given = ConvolutionsTests.Case(shape)
    let (x, weight) = (given.x.buffer.rounded, given.weight.buffer.rounded)
    let dy = given.dy.buffer.rounded
    let algorithm = WinogradConvolution(shape, variant, multiplying: .float32(.widest))
    let (rounded, wide) = (
      Buffer(.bfloat16, count: shape.outputElementCount),
      Buffer(.float32, count: shape.outputElementCount)
    )
    algorithm.run(into: rounded, x, weight: weight, bias: given.bias.buffer)
    algorithm.run(into: wide, x.widened, weight: weight.widened, bias: given.bias.buffer)
    #expect(rounded.widened.array(of: Float.self) == wide.rounded.widened.array())
    let gradient = WinogradWeightGradient(shape, variant, multiplying: .float32(.widest))
    let (first, second) = (
      Buffer(.float32, count: shape.weightCount), Buffer(.float32, count: shape.weightCount)
    )
    gradient.run(into: first, isAdding: false, dy, x)
    gradient.run(into: second, isAdding: false, dy.widened, x.widened)
    #expect(first.array(of: Float.self) == second.array())
  }

  /// Values that are rounded to bfloat16 as well give errors of their own size.
  @Test(arguments: shapes, [WinogradVariant.f2x2, .f2x4])
  func roundedValuesAreNear(shape: ConvolutionShape, variant: WinogradVariant) throws {
    let given = ConvolutionsTests.Case(shape)
    let (x, weight) = (given.x.buffer.rounded, given.weight.buffer.rounded)
    let dy = given.dy.buffer.rounded
    func doubles(_ buffer: Buffer) -> [Double] {
      buffer.widened.array(of: Float.self).map(Double.init)
    }
    let expected = ConvolutionsReference.convolution(
      doubles(x), weight: doubles(weight), bias: nil, shape: shape)
    let gradients = ConvolutionsReference.gradients(
      doubles(dy), doubles(x), weight: doubles(weight), shape: shape)
    let tolerance = variant == .f2x2 ? 0.008 : 0.013
    for instructions in PairInstructions.available {
      let products = WinogradProducts.bfloat16(instructions)
      let label = "\(variant) of \(shape), \(instructions)"
      let y = Buffer(.float32, count: shape.outputElementCount)
      WinogradConvolution(shape, variant, multiplying: products).run(
        into: y, x, weight: weight, bias: nil)
      expectClose(doubles(y), expected, tolerance: tolerance, label)
      let dx = Buffer(.float32, count: shape.inputElementCount)
      WinogradConvolution(try #require(shape.mirrored), variant, multiplying: products).run(
        into: dx, dy, weight: weight, bias: nil, isTurned: true)
      expectClose(doubles(dx), gradients.dx, tolerance: tolerance, "\(label), input")
      let dWeight = Buffer(.float32, count: shape.weightCount)
      fill(dWeight, with: 3)
      WinogradWeightGradient(shape, variant, multiplying: products).run(
        into: dWeight, isAdding: true, dy, x)
      expectClose(
        doubles(dWeight).map { $0 - 3 }, gradients.dWeight, tolerance: tolerance,
        "\(label), weights")
    }
  }

  @Test(arguments: [4, 5, 6], [false, true])
  func bitsDoNotDependOnTheThreadCount(index: Int, isRounded: Bool) throws {
    let shape = Self.shapes[index]
    let given = ConvolutionsTests.Case(shape)
    let (x, weight, dy) = (
      given.x.buffer.rounded, given.weight.buffer.rounded, given.dy.buffer.rounded
    )
    let turned = try #require(shape.mirrored)
    let products = WinogradProducts(isRounded ? .bfloat16 : .float32)
    for variant in isRounded ? [.f2x2, .f2x4] : Self.variants {
      let results = onThreadCounts([1, 2, 3]) {
        let y = Buffer(.float32, count: shape.outputElementCount)
        let dx = Buffer(.float32, count: shape.inputElementCount)
        let dWeight = Buffer(.float32, count: shape.weightCount)
        WinogradConvolution(shape, variant, multiplying: products).run(
          into: y, x, weight: weight, bias: nil)
        WinogradConvolution(turned, variant, multiplying: products).run(
          into: dx, dy, weight: weight, bias: nil, isTurned: true)
        WinogradWeightGradient(shape, variant, multiplying: products).run(
          into: dWeight, isAdding: false, dy, x)
        return [y, dx, dWeight].map { $0.array(of: Float.self) }
      }
      for result in results { #expect(result == results[0], "\(variant)") }
    }
  }

  /// What is written past the caches is the same, also where a buffer begins in the middle of a line.
  @Test(arguments: shapes, [0, 1])
  func streamedOutputsAreTheSame(shape: ConvolutionShape, offset: Int) {
    let given = ConvolutionsTests.Case(shape)
    func output(_ streamedByteCount: Int) -> [Float] {
      let whole = Buffer(.float32, count: shape.outputElementCount + offset)
      let y = whole[offset..<whole.count]
      WinogradConvolution(
        shape, .f4x4, multiplying: .float32(.widest), streamedByteCount: streamedByteCount
      ).run(into: y, given.x.buffer, weight: given.weight.buffer, bias: given.bias.buffer)
      return y.array()
    }
    #expect(output(0) == output(Int.max))
  }

  /// Outputs of an activation, and one pixel a thousand times as large as the others: the transforms' cancellation stays small.
  @Test func errorsStaySmallForUnevenNumbers() {
    let shape = Self.shape(1, 12, 12, 64, 32)
    let given = ConvolutionsTests.Case(shape)
    var x = given.x.buffer.array(of: Float.self).map { max($0, 0.1 * $0) }
    for channel in 0..<64 { x[(5 * 12 + 6) * 64 + channel] *= 1000 }
    let input = Buffer(.float32, count: x.count)
    input.copy(from: x)
    let expected = ConvolutionsReference.convolution(
      x.map(Double.init), weight: given.weight.doubles, bias: nil, shape: shape)
    let y = Tensor(repeating: .nan, shape: [shape.outputElementCount])
    WinogradConvolution(shape, .f4x4, multiplying: .float32(.widest)).run(
      into: y.buffer, input, weight: given.weight.buffer, bias: nil)
    expectClose(y.doubles, expected, tolerance: 5e-6, "uneven numbers")
  }

  @Test func whatDoesNotFitIsRefused() async {
    await #expect(processExitsWith: .failure) {
      _ = WinogradConvolution(
        WinogradTests.shapes[0], .f4x4, multiplying: .bfloat16(.loops))
    }
    await #expect(processExitsWith: .failure) {
      let shape = WinogradTests.shapes[0]
      let x = Buffer(.float32, count: shape.inputElementCount)
      WinogradConvolution(shape, .f4x4, multiplying: .float32(.widest)).run(
        into: Buffer(.float32, count: shape.outputElementCount - 1), x,
        weight: Buffer(.float32, count: shape.weightCount), bias: nil)
    }
    await #expect(processExitsWith: .failure) {
      let shape = WinogradTests.shapes[0]
      WinogradConvolution(shape, .f4x4, multiplying: .float32(.widest)).run(
        into: Buffer(.bfloat16, count: shape.outputElementCount), isAdding: true,
        Buffer(.float32, count: shape.inputElementCount),
        weight: Buffer(.float32, count: shape.weightCount), bias: nil)
    }
  }

  /// The bits of an image do not depend on those beside it.
  @Test func imagesAreIndependent() {
    let (one, three) = (Self.shape(1, 14, 18, 32, 48), Self.shape(3, 14, 18, 32, 48))
    let given = ConvolutionsTests.Case(three)
    let all = Buffer(.float32, count: three.outputElementCount)
    let last = Buffer(.float32, count: one.outputElementCount)
    WinogradConvolution(three, .f4x4, multiplying: .float32(.widest)).run(
      into: all, given.x.buffer, weight: given.weight.buffer, bias: given.bias.buffer)
    WinogradConvolution(one, .f4x4, multiplying: .float32(.widest)).run(
      into: last, given.x.buffer[2 * one.inputElementCount..<3 * one.inputElementCount],
      weight: given.weight.buffer, bias: given.bias.buffer)
    #expect(
      all.array(of: Float.self).suffix(one.outputElementCount) == last.array(of: Float.self)[...])
  }
}
