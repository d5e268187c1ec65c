import Tensors

/// Σ weight · term over single numbers, for instance the terms of a loss.
///
/// - Parameter terms: Variables of one element with their weights, at least one.
/// - Returns: One number, shape `[]`.
public func weightedSum(_ terms: [(Variable, Float)]) -> Variable {
  precondition(
    !terms.isEmpty && terms.allSatisfy { $0.0.value.count == 1 },
    "weightedSum: shapes \(terms.map(\.0.shape)) are not single numbers")
  let total = terms.reduce(0) { $0 + Double($1.0.value.scalar) * Double($1.1) }
  let pullbacks = terms.map { (adjoint: $0.0.adjoint, shape: $0.0.shape, weight: $0.1) }
  return terms[0].0.tape.record(Tensor([Float(total)], shape: []), from: terms.map(\.0)) { dy in
    let gradient = dy.scalar
    for (adjoint, shape, weight) in pullbacks {
      adjoint?.accumulate(Tensor([gradient * weight], shape: shape))
    }
  }
}
