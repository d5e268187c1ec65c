import Kernels
public import Tensors

/// The scaled sum of all elements.
///
///     y = scale · Σ x
///
/// The sum is taken in double precision.
///
/// - Parameters:
///   - x: Any shape.
///   - scale: For a mean, one over the global number of elements.
/// - Returns: The sum, a single number.
public func sum(_ x: Variable, scale: Float) -> Variable {
  let total = Float(Double(scale) * sum(of: x.value.buffer))
  let (adjoint, shape) = (x.adjoint, x.shape)
  return x.tape.record(Tensor([total], shape: []), from: [x]) { dtotal in
    adjoint?.accumulate(Tensor(repeating: scale * dtotal.scalar, shape: shape))
  }
}

/// The scaled hinge loss of logits that should all lie on one side.
///
///     loss = scale · Σ max(0, 1 − x), or scale · Σ max(0, 1 + x)
///
/// The sum is taken in double precision; the gradient at the kink is 0.
/// Source: Lim & Ye 2017 (geometric GAN), equation 9.
///
/// - Parameters:
///   - logits: Any shape.
///   - isPositive: Whether the logits should be 1 or more; else −1 or less.
///   - scale: For a mean, one over the global number of logits.
/// - Returns: The loss, a single number.
public func hinge(_ logits: Variable, isPositive: Bool, scale: Float) -> Variable {
  let (value, sign) = (logits.value, isPositive ? Float(1) : -1)
  let loss = Float(Double(scale) * hinge(value.buffer, sign: sign))
  return logits.tape.record(Tensor([loss], shape: []), from: [logits]) {
    [adjoint = logits.adjoint] dloss in
    adjoint?.accumulate(shape: value.shape) { dlogits, isAdding in
      hingeGradient(
        into: dlogits, isAdding: isAdding, value.buffer, sign: sign, factor: scale * dloss.scalar)
    }
  }
}

/// The scaled sum of squared differences.
///
///     loss = scale * Σ (x - target)²
///
/// The sum is taken in double precision. Both arguments get a gradient unless detached.
///
/// - Parameters:
///   - x: Any shape.
///   - target: The same shape.
///   - scale: For a mean, one over the global number of elements.
/// - Returns: The loss, a single number.
public func squaredError(_ x: Variable, _ target: Variable, scale: Float) -> Variable {
  precondition(
    x.shape == target.shape, "squaredError: shapes \(x.shape) and \(target.shape) differ")
  let loss = Float(Double(scale) * squaredError(x.value.buffer, target.value.buffer))
  let (xAdjoint, targetAdjoint) = (x.adjoint, target.adjoint)
  let (xValue, targetValue) = (x.value, target.value)
  return x.tape.record(Tensor([loss], shape: []), from: [x, target]) { dloss in
    let factor = 2 * scale * dloss.scalar
    xAdjoint?.accumulate(shape: xValue.shape) { dx, isAdding in
      scaledDifference(
        into: dx, isAdding: isAdding, xValue.buffer, targetValue.buffer, factor: factor)
    }
    targetAdjoint?.accumulate(shape: targetValue.shape) { dtarget, isAdding in
      scaledDifference(
        into: dtarget, isAdding: isAdding, targetValue.buffer, xValue.buffer, factor: factor)
    }
  }
}

/// The scaled sum of the cross-entropies of logits with one target each.
///
///     loss = scale * Σ -log softmax(logits)[target]
///
/// Probabilities are not stored: the pullback forms (p - onehot) from the logits and two numbers a
/// row.
///
/// - Parameters:
///   - logits: `[..., vocabularySize]`.
///   - targets: int32 `[...]`, each in `0..<vocabularySize`.
///   - scale: For a mean, one over the global number of targets.
/// - Returns: The loss, a single number; and how many targets have the largest logit of their row,
///   the first one on ties.
public func crossEntropy(_ logits: Variable, targets: Tensor, scale: Float)
  -> (loss: Variable, correctCount: Int)
{
  precondition(
    logits.value.dimensionCount > 0 && Array(logits.shape.dropLast()) == targets.shape
      && logits.value.lastDimension > 0,
    "crossEntropy: logits of shape \(logits.shape), targets of shape \(targets.shape)")
  let entropy = CrossEntropy(
    logits.value.buffer, targets: targets.buffer, vocabularySize: logits.value.lastDimension)
  let (adjoint, shape) = (logits.adjoint, logits.shape)
  let value = Tensor([Float(Double(scale) * entropy.total)], shape: [])
  let loss = logits.tape.record(value, from: [logits]) { dloss in
    let factor = scale * dloss.scalar
    adjoint?.accumulate(shape: shape) { dlogits, isAdding in
      entropy.backward(into: dlogits, isAdding: isAdding, factor: factor)
    }
  }
  return (loss, entropy.correctCount)
}
