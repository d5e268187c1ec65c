import Kernels
import Tensors
import TestSupport
import Testing

/// Where a convolution is computed how.
@Suite struct ConvolutionRouteTests {
  private let wide = ConvolutionShape(
    batchSize: 2, height: 64, width: 64, inputCount: 256, outputCount: 256, kernelHeight: 3,
    kernelWidth: 3)

  private func route(
    _ shape: ConvolutionShape, _ type: ElementType, _ arithmetic: ConvolutionArithmetic,
    _ processor: ProcessorKind, _ direction: ConvolutionDirection = .forward
  ) -> ConvolutionRoute {
    ConvolutionRoute.preferred(
      direction, shape, operandType: type, arithmetic: arithmetic, processor: processor)
  }

  private func isWinograd(_ route: ConvolutionRoute) -> Bool {
    if case .winograd = route { true } else { false }
  }

  @Test(arguments: ProcessorKind.allCases, ConvolutionDirection.allCases)
  func directTakesAllProducts(processor: ProcessorKind, direction: ConvolutionDirection) {
    for type in [ElementType.float32, .bfloat16] {
      #expect(!isWinograd(route(wide, type, .direct, processor, direction)))
    }
  }

  @Test(arguments: ProcessorKind.allCases, ConvolutionDirection.allCases)
  func accurateRoundsNothingButTheResult(processor: ProcessorKind, direction: ConvolutionDirection)
  {
    for type in [ElementType.float32, .bfloat16] {
      if case .winograd(_, let values) = route(wide, type, .accurate, processor, direction) {
        #expect(values == .float32)
      }
      if type == .float32 {
        #expect(
          route(wide, type, .fast, processor, direction)
            == route(wide, type, .accurate, processor, direction))
      }
    }
  }

  @Test func eachKindOfProcessorHasItsRoutes() {
    for kind in ProcessorKind.allCases {
      #expect(
        (route(wide, .float32, .accurate, kind) == .winograd(.f4x4, .float32)) == (kind != .other),
        "\(kind)")
    }
    // Slow pairs are widened; nobody asks for them as they are but tests.
    #expect(!isWinograd(route(wide, .bfloat16, .accurate, .slowPairs)))
    #expect(route(wide, .bfloat16, .accurate, .fastPairs) == .winograd(.f4x4, .float32))
    #expect(route(wide, .bfloat16, .fast, .fastPairs) == .winograd(.f2x4, .bfloat16))
    #expect(!isWinograd(route(wide, .bfloat16, .fast, .tiles)))
  }

  /// Where the transforms would cost more than the products that they save, or there is no such algorithm.
  @Test(arguments: [
    ConvolutionsTests.shape(1, 1, 1, 512, 512, 3, 3), ConvolutionsTests.shape(2, 8, 8, 3, 32, 3, 3),
    ConvolutionsTests.shape(2, 8, 8, 64, 3, 3, 3), ConvolutionsTests.shape(2, 8, 8, 64, 64, 5, 5),
    ConvolutionsTests.shape(2, 8, 8, 24, 32, 3, 3),
    ConvolutionShape(
      batchSize: 2, height: 9, width: 9, inputCount: 64, outputCount: 64, kernelHeight: 3,
      kernelWidth: 3, stride: 2),
    ConvolutionShape(
      batchSize: 2, height: 9, width: 9, inputCount: 64, outputCount: 64, kernelHeight: 3,
      kernelWidth: 3, padding: .circular),
  ])
  func someShapesTakeAllProducts(shape: ConvolutionShape) {
    for direction in ConvolutionDirection.allCases {
      #expect(!isWinograd(route(shape, .float32, .fast, .vectors512, direction)), "\(shape)")
    }
  }

  /// An image's output and its gradient have the same bits whatever is beside it.
  @Test(arguments: [1, 2, 3, 5, 8, 64], [ConvolutionDirection.forward, .inputGradient])
  func theNumberOfImagesDoesNotMatter(batchSize: Int, direction: ConvolutionDirection) {
    for (size, channels) in [(8, 512), (16, 512), (8, 64), (4, 256), (32, 32)] {
      let routes = [1, batchSize].map {
        route(
          ConvolutionsTests.shape($0, size, size, channels, channels, 3, 3), .float32, .accurate,
          .slowPairs, direction)
      }
      #expect(routes[0] == routes[1], "\(batchSize) images of \(size)x\(size)")
    }
  }

  /// Whatever the arithmetic and the route of bfloat16 operands, results and gradients are near the reference.
  @Test(arguments: ConvolutionArithmetic.allCases, BFloat16Route.available)
  func bfloat16OperandsAreConvolved(arithmetic: ConvolutionArithmetic, bfloat16: BFloat16Route) {
    let shape = ConvolutionsTests.shape(2, 20, 24, 64, 32, 3, 3)
    let given = ConvolutionsTests.Case(shape)
    let (x, weight, dy) = (
      given.x.buffer.rounded, given.weight.buffer.rounded, given.dy.buffer.rounded
    )
    func doubles(_ buffer: Buffer) -> [Double] {
      buffer.widened.array(of: Float.self).map(Double.init)
    }
    let expected = ConvolutionsReference.convolution(
      doubles(x), weight: doubles(weight), bias: given.bias.doubles, shape: shape)
    let gradients = ConvolutionsReference.gradients(
      doubles(dy), doubles(x), weight: doubles(weight), shape: shape)
    let tolerance = arithmetic == .fast ? 0.013 : 0.003
    let y = Buffer(.bfloat16, count: shape.outputElementCount)
    convolution(
      into: y, x, weight: weight, bias: given.bias.buffer, shape: shape, arithmetic: arithmetic,
      route: bfloat16)
    expectClose(doubles(y), expected, tolerance: tolerance, "output")
    for type in [ElementType.float32, .bfloat16] {
      let dx = Buffer(type, count: shape.inputElementCount)
      convolutionBackwardData(
        into: dx, isAdding: false, dy, weight: weight, shape: shape, arithmetic: arithmetic,
        route: bfloat16)
      expectClose(doubles(dx), gradients.dx, tolerance: tolerance, "input's gradient, \(type)")
    }
    let dWeight = Buffer(.float32, count: shape.weightCount)
    fill(dWeight, with: 2)
    convolutionBackwardWeights(
      into: dWeight, isAdding: true, dy, x, shape: shape, arithmetic: arithmetic, route: bfloat16)
    expectClose(
      doubles(dWeight).map { $0 - 2 }, gradients.dWeight, tolerance: tolerance,
      "weights' gradient")
  }
}
