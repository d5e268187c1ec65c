import Kernels
public import Tensors

/// Sets elements to 0 at random and scales the others, so that the expectation stays.
///
///     y[i] = x[i] / (1 − p) with probability 1 − p, else 0
///
/// Whether element i is kept depends on the key and on i only; the pullback draws the same numbers
/// again instead of storing a mask.
///
/// - Parameters:
///   - x: Any shape.
///   - probability: p, in 0 ..< 1.
///   - key: Names the draws; nil (inference) returns `x` itself.
/// - Returns: The shape of `x`.
/// Source: Srivastava et al. 2014.
public func dropout(_ x: Variable, probability: Float, key: RandomKey?) -> Variable {
  precondition(probability >= 0 && probability < 1, "dropout: probability \(probability)")
  guard let stream = key?.stream, probability > 0 else { return x }
  let y = Tensor(uninitialized: x.shape)
  dropElements(into: y.buffer, x.value.buffer, probability: probability, stream: stream)
  let (xAdjoint, shape) = (x.adjoint, x.shape)
  return x.tape.record(y, from: [x]) { dy in
    xAdjoint?.accumulate(shape: shape) { dx, isAdding in
      dropElements(
        into: dx, dy.buffer, probability: probability, stream: stream, isAdding: isAdding)
    }
  }
}
