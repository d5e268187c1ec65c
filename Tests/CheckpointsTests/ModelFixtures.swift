import Autodiff
import Checkpoints
import Optimizers
import Tensors

/// An arena of a convolution, a linear map published as a 1×1 convolution, and a vector, with gaps
/// between them.
///
/// - Parameters:
///   - first: The first element; the others follow in steps of one in the arrays' order.
///   - inputSize: Width of the linear map's input.
///   - vector: Name of the vector.
/// - Returns: The arena, allocated.
func makeArena(first: Float = 0, inputSize: Int = 4, vector: String = "norm.bias")
  -> ParameterArena
{
  let (arena, zero) = (ParameterArena(), Initializer.constant(0))
  let scope = ParameterScope(arena)
  _ = scope["conv"].parameter("weight", [2, 1, 2, 3], zero, layout: .convolution)
  _ = scope["map"].parameter(
    "weight", [3, inputSize], zero, layout: .same(shape: [3, inputSize, 1, 1]))
  _ = scope.parameter(vector, [17], zero)
  arena.allocate(forTraining: false)
  fill(arena.values, of: arena, from: first)
  return arena
}

/// Writes numbers that count up from `first` into every parameter's part of an array.
func fill(_ array: Tensor, of arena: ParameterArena, from first: Float) {
  var next = first
  for parameter in arena.parameters {
    array.buffer[parameter.range].copy(
      from: (0..<parameter.elementCount).map { next + Float($0) })
    next += Float(parameter.elementCount)
  }
}

/// The convolution's elements 0…11 of the arena as published, `[2, 3, 1, 2]`: by hand.
let publishedConvolution: [Float] = [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]

/// A training state with other numbers in each of its arrays.
func makeState(of arena: ParameterArena) -> OptimizerState {
  let state = OptimizerState(for: arena)
  if let average = state.movingAverage { fill(average, of: arena, from: 1000) }
  fill(state.firstMoments, of: arena, from: -0.125)
  fill(state.secondMoments, of: arena, from: 1e-30)
  return state
}

/// The bits of an array's elements, gaps included.
func bits(_ array: Tensor?) -> [UInt32]? { array?.array(of: Float.self).map(\.bitPattern) }
