public import Kernels
import Tensors

/// An affine map of the last axis.
///
///     y = x·Wᵀ + b
///
/// x, W and, in the pullback, dy are rounded to the tape's operand type; sums are float32.
///
/// - Parameters:
///   - x: `[..., inputSize]`.
///   - weight: W, `[outputSize, inputSize]`.
///   - bias: b, `[outputSize]`; none when nil.
///   - resultType: The result's type, and its gradient's: the tape's operand type when only
///     operations that round it to that type anyway read it, so that rounding needs no pass.
/// - Returns: `[..., outputSize]`.
public func linear(
  _ x: Variable, weight: Variable, bias: Variable? = nil, resultType: ElementType = .float32
) -> Variable {
  requireAffine(x, weight, bias, "linear")
  let rowCount = x.value.rowCount
  let y = Tensor(uninitialized: x.shape.dropLast() + [weight.shape[0]], resultType)
  affine(
    into: y.buffer, x.operand.buffer, weight: weight.operand.buffer, panels: weight.factorPanels,
    bias: bias?.value.buffer, rowCount: rowCount, rowBits: x.tape.rowBits)
  let pullback = AffinePullback(x, weight, bias)
  return x.tape.record(
    y, from: [x, weight] + (bias.map { [$0] } ?? []), gradientType: resultType
  ) { dy in
    pullback(dy)
  }
}

/// An affine map of the last axis followed by the exact GELU, in one pass.
///
///     y = gelu(x·Wᵀ + b)
///
/// The value before the activation and the result have the tape's operand type. Later pullbacks compute
/// a large result again instead of keeping it.
///
/// - Parameters:
///   - x: `[..., inputSize]`.
///   - weight: W, `[outputSize, inputSize]`.
///   - bias: b, `[outputSize]`.
/// - Returns: `[..., outputSize]`.
public func linearGELU(_ x: Variable, weight: Variable, bias: Variable) -> Variable {
  requireAffine(x, weight, bias, "linearGELU")
  let type = x.tape.operandType
  let y = Tensor(uninitialized: x.shape.dropLast() + [weight.shape[0]], type)
  let saved = Tensor(uninitialized: y.shape, type)
  affineGELU(
    into: y.buffer, preactivation: saved.buffer, x.operand.buffer,
    weight: weight.operand.buffer, bias: bias.value.buffer, rowCount: x.value.rowCount,
    rowBits: x.tape.rowBits)
  let pullback = AffinePullback(x, weight, bias)
  return x.tape.record(y, from: [x, weight, bias], gradientType: type) { dy in
    let gradient = Tensor(uninitialized: dy.shape, type)
    geluGradient(into: gradient.buffer, dy.buffer, saved.buffer)
    pullback(gradient)
  }.rebuilt {
    let y = Tensor(uninitialized: saved.shape, type)
    gelu(into: y.buffer, saved.buffer)
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
    self.weight = weight.operand
    xAdjoint = x.adjoint
    weightAdjoint = weight.adjoint
    biasAdjoint = bias?.adjoint
  }

  func callAsFunction(_ dy: Tensor) {
    let rowCount = dy.rowCount
    let gradient = gradientOperand(dy, as: weight.elementType)
    xAdjoint?.accumulate(shape: xShape) { dx, isAdding in
      affineBackwardData(
        into: dx, isAdding: isAdding, gradient, weight: weight.buffer, rowCount: rowCount)
    }
    weightAdjoint?.accumulate(shape: weight.shape) { dWeight, isAdding in
      affineBackwardWeights(
        into: dWeight, isAdding: isAdding, gradient, x().buffer, rowCount: rowCount)
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
