import Autodiff
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

@Suite struct LinearTests {
  @Test(arguments: [([1, 1], 1), ([3, 5], 4), ([2, 3, 17], 6)], [true, false])
  func matchesTheReference(given: (shape: [Int], outputSize: Int), hasBias: Bool) {
    let (shape, outputSize) = given
    let inputSize = shape[shape.count - 1]
    let arena = ParameterArena()
    let layer = Linear(
      inputSize: inputSize, outputSize: outputSize, hasBias: hasBias, initializer: .constant(0),
      in: ParameterScope(arena)["map"])
    #expect(
      arena.parameters.map(\.name) == (hasBias ? ["map.weight", "map.bias"] : ["map.weight"]))
    var numbers = TestNumbers(seed: 1)
    checkLayer(
      in: arena, [numbers.tensor(shape)], "linear \(shape) to \(outputSize), bias \(hasBias)",
      reference: { inputs, parameters in
        ProductsReference.affine(
          inputs[0], weight: parameters["map.weight"] ?? [], bias: parameters["map.bias"],
          inputSize: inputSize, outputSize: outputSize)
      },
      layer: { layer($1[0]) })
  }

  /// Files hold the same numbers with the kernel's two axes behind.
  @Test func publishedAsAConvolutionTheShapeHasFourAxes() {
    let arena = ParameterArena()
    let layer = Linear(
      inputSize: 3, outputSize: 5, initializer: .constant(0), isPublishedAsConvolution: true,
      in: ParameterScope(arena))
    #expect(layer.weight.shape == [5, 3])
    #expect(layer.weight.publishedShape == [5, 3, 1, 1])
  }

  /// An operand has the type that products read; everything else is float32.
  @Test(arguments: [true, false])
  func anOperandHasTheTapesType(isOperand: Bool) {
    let arena = ParameterArena()
    let layer = Linear(
      inputSize: 4, outputSize: 3, initializer: .constant(1), in: ParameterScope(arena))
    arena.allocate(forTraining: false, operandType: .bfloat16)
    let tape = arena.makeTape(isRecording: false)
    let x = Variable(constant: Tensor(repeating: 1, shape: [2, 4]), on: tape)
    #expect(layer(x, isOperand: isOperand).value.elementType == (isOperand ? .bfloat16 : .float32))
  }

  @Test func anInputOfAnotherWidthStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let arena = ParameterArena()
      let layer = Linear(
        inputSize: 4, outputSize: 3, initializer: .constant(1), in: ParameterScope(arena))
      arena.allocate(forTraining: false)
      let tape = Tape(isRecording: false)
      _ = layer(Variable(constant: Tensor(repeating: 1, shape: [2, 5]), on: tape))
    }
  }
}
