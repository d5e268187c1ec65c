import Kernels
public import Tensors

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
