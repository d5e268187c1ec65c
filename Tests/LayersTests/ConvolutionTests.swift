import Autodiff
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

@Suite struct ConvolutionTests {
  @Test(
    arguments: [([1, 1, 1, 1], 1, 3), ([2, 3, 4, 2], 3, 3), ([1, 5, 2, 3], 2, 1)], [true, false])
  func matchesTheReference(given: (shape: [Int], outputCount: Int, kernelSize: Int), hasBias: Bool)
  {
    let (shape, outputCount, kernelSize) = given
    let arena = ParameterArena()
    let layer = Convolution(
      inputCount: shape[3], outputCount: outputCount, kernelSize: kernelSize, hasBias: hasBias,
      initializer: .constant(0), in: ParameterScope(arena)["conv"])
    #expect(
      arena["conv.weight"]?.publishedShape == [outputCount, shape[3], kernelSize, kernelSize])
    var numbers = TestNumbers(seed: 1)
    checkLayer(
      in: arena, [numbers.tensor(shape)],
      "convolution \(shape) to \(outputCount), kernel \(kernelSize), bias \(hasBias)",
      reference: { inputs, parameters in
        ConvolutionsReference.convolution(
          inputs[0], weight: parameters["conv.weight"] ?? [], bias: parameters["conv.bias"],
          shape: ConvolutionShape(
            batchSize: shape[0], height: shape[1], width: shape[2], inputCount: shape[3],
            outputCount: outputCount, kernelHeight: kernelSize, kernelWidth: kernelSize))
      },
      layer: { layer($1[0]) })
  }

  @Test func otherChannelsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let arena = ParameterArena()
      let layer = Convolution(
        inputCount: 2, outputCount: 3, hasBias: true, initializer: .constant(0),
        in: ParameterScope(arena))
      arena.allocate(forTraining: false)
      let tape = Tape(isRecording: false)
      _ = layer(Variable(constant: Tensor(repeating: 1, shape: [1, 4, 4, 3]), on: tape))
    }
  }
}
