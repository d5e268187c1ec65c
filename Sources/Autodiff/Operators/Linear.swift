import Kernels
import Tensors

/// An affine map of the last axis.
///
///     y = x·Wᵀ + b
///
/// - Parameters:
///   - x: `[..., inputSize]`.
///   - weight: W, `[outputSize, inputSize]`.
///   - bias: b, `[outputSize]`; none when nil.
/// - Returns: `[..., outputSize]`.
public func linear(_ x: Variable, weight: Variable, bias: Variable? = nil) -> Variable {
  requireAffine(x, weight, bias, "linear")
  let rowCount = x.value.rowCount
  let y = Tensor(uninitialized: x.shape.dropLast() + [weight.shape[0]])
  affine(
    into: y.buffer, x.value.buffer, weight: weight.value.buffer, bias: bias?.value.buffer,
    rowCount: rowCount)
  let pullback = AffinePullback(x, weight, bias)
  return x.tape.record(y, from: [x, weight] + (bias.map { [$0] } ?? [])) { dy in
    pullback(dy)
  }
}

/// An affine map of the last axis followed by the exact GELU, in one pass.
///
///     y = gelu(x·Wᵀ + b)
///
/// The value before the activation is saved; later pullbacks compute the activation again.
///
/// - Parameters:
///   - x: `[..., inputSize]`.
///   - weight: W, `[outputSize, inputSize]`.
///   - bias: b, `[outputSize]`.
/// - Returns: `[..., outputSize]`.
public func linearGELU(_ x: Variable, weight: Variable, bias: Variable) -> Variable {
  requireAffine(x, weight, bias, "linearGELU")
  let y = Tensor(uninitialized: x.shape.dropLast() + [weight.shape[0]])
  let preactivation = Tensor(uninitialized: y.shape)
  affineGELU(
    into: y.buffer, preactivation: preactivation.buffer, x.value.buffer,
    weight: weight.value.buffer, bias: bias.value.buffer, rowCount: x.value.rowCount)
  let pullback = AffinePullback(x, weight, bias)
  return x.tape.record(y, from: [x, weight, bias]) { dy in
    let gradient = Tensor(uninitialized: dy.shape)
    geluGradient(into: gradient.buffer, dy.buffer, preactivation.buffer)
    pullback(gradient)
  }.rebuilt {
    let y = Tensor(uninitialized: preactivation.shape)
    gelu(into: y.buffer, preactivation.buffer)
    return y
  }
}

/// The gradients of x·Wᵀ + b for the inputs that want one.
private struct AffinePullback {
  private let x: () -> Tensor
  private let xShape: [Int]
  private let weight: Tensor
  private let xAdjoint: Adjoint?
  private let weightAdjoint: Adjoint?
  private let biasAdjoint: Adjoint?

  init(_ x: Variable, _ weight: Variable, _ bias: Variable?) {
    self.x = x.kept
    xShape = x.shape
    self.weight = weight.value
    xAdjoint = x.adjoint
    weightAdjoint = weight.adjoint
    biasAdjoint = bias?.adjoint
  }

  func callAsFunction(_ dy: Tensor) {
    let rowCount = dy.rowCount
    xAdjoint?.accumulate(shape: xShape) { dx, isAdding in
      affineBackwardData(
        into: dx, isAdding: isAdding, dy.buffer, weight: weight.buffer, rowCount: rowCount)
    }
    weightAdjoint?.accumulate(shape: weight.shape) { dWeight, isAdding in
      affineBackwardWeights(
        into: dWeight, isAdding: isAdding, dy.buffer, x().buffer, rowCount: rowCount)
    }
    biasAdjoint?.accumulate(shape: [weight.shape[0]]) { dBias, isAdding in
      sumRows(into: dBias, isAdding: isAdding, dy.buffer)
    }
  }
}

private func requireAffine(
  _ x: Variable, _ weight: Variable, _ bias: Variable?, _ operation: String
) {
  precondition(
    weight.shape.count == 2 && x.value.dimensionCount > 0 && x.value.count > 0
      && x.shape.last == weight.shape[1],
    "\(operation): x of shape \(x.shape), weight of shape \(weight.shape)")
  if let bias { require(bias.shape, matches: [weight.shape[0]], "\(operation), bias") }
}
