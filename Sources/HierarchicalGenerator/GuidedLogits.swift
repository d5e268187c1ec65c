public import Tensors

/// Logits of classifier-free guidance.
///
///     logits = null + scale * (conditional - null)
///
/// Source: Ho and Salimans 2022, "Classifier-free diffusion guidance"; Docs/Method.md, section 6.
///
/// - Parameters:
///   - conditional: Logits given the class, of any shape.
///   - null: Logits given "no class", of the same shape.
///   - scale: Strength of the class; 1 gives `conditional`.
/// - Returns: The guided logits.
public func guidedLogits(conditional: Tensor, null: Tensor, scale: Float) -> Tensor {
  precondition(
    conditional.shape == null.shape,
    "guidedLogits: shapes \(conditional.shape) and \(null.shape) differ")
  // Exactly the conditional ones, without rounding.
  if scale == 1 { return conditional }
  let guided = zip(conditional.array(of: Float.self), null.array(of: Float.self))
    .map { $0.1 + scale * ($0.0 - $0.1) }
  return Tensor(guided, shape: conditional.shape)
}
