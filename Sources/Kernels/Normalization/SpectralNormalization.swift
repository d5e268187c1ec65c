/// One step of the power iteration for the largest singular value of W.
///
///     v = normalize(Wᵀ·u₀), u = normalize(W·v);  normalize(x) = x / max(‖x‖, 1e-12)
///
/// Source: Miyato et al. 2018, algorithm 1.
///
/// - Parameters:
///   - u: Written, `[rowCount]`.
///   - v: Written, `[columnCount]`.
///   - old: u₀, `[rowCount]`; may be `u`.
///   - weight: W, `[rowCount, columnCount]`.
public func powerIteration(u: Buffer, v: Buffer, from old: Buffer, weight: Buffer) {
  let matrix = spectralMatrix(weight, u, v, "powerIteration")
  precondition(
    old.count == u.count, "powerIteration: \(old.count) elements before, \(u.count) after")
  product(into: row(v), row(old), matrix)
  normalize(v)
  product(into: column(u), matrix, column(v))
  normalize(u)
}

/// σ = uᵀ·W·v, an estimate of the largest singular value of W.
///
/// - Parameters:
///   - weight: W, `[rowCount, columnCount]`.
///   - u: `[rowCount]`.
///   - v: `[columnCount]`.
/// - Returns: σ.
public func spectralNorm(of weight: Buffer, u: Buffer, v: Buffer) -> Float {
  let matrix = spectralMatrix(weight, u, v, "spectralNorm")
  let image = Buffer(.float32, count: u.count)
  product(into: column(image), matrix, column(v))
  return Float(innerProduct(u, image))
}

/// The gradient of W/σ, with u and v constant: dW = (G − (⟨G, W⟩/σ)·u·vᵀ)/σ.
///
/// - Parameters:
///   - dweight: Gradient of W.
///   - isAdding: Whether to add to `dweight`.
///   - gradient: G, the gradient of W/σ.
///   - weight: W, `[rowCount, columnCount]`.
///   - u: `[rowCount]`.
///   - v: `[columnCount]`.
///   - norm: σ.
public func spectralNormalizationGradient(
  into dweight: Buffer, isAdding: Bool, _ gradient: Buffer, weight: Buffer, u: Buffer, v: Buffer,
  norm: Float
) {
  let matrix = spectralMatrix(dweight, u, v, "spectralNormalizationGradient")
  let projection = innerProduct(gradient, weight) / Double(norm)
  scaleElements(into: dweight, isAdding: isAdding, gradient, by: 1 / norm)
  product(
    into: matrix, column(u), row(v), alpha: Float(-projection / Double(norm)), beta: 1)
}

/// x ← x / max(‖x‖, 1e-12).
private func normalize(_ x: Buffer) {
  let norm = max(squaredNorm(of: x).squareRoot(), 1e-12)
  scaleElements(into: x, isAdding: false, x, by: Float(1 / norm))
}

private func spectralMatrix(_ weight: Buffer, _ u: Buffer, _ v: Buffer, _ operation: String)
  -> Matrix
{
  precondition(
    weight.count == u.count * v.count && weight.count > 0,
    "\(operation): vectors of \(u.count) and \(v.count) for \(weight.count) weights")
  return Matrix(weight, rowCount: u.count, columnCount: v.count)
}

private func row(_ x: Buffer) -> Matrix { Matrix(x, rowCount: 1, columnCount: x.count) }

private func column(_ x: Buffer) -> Matrix { Matrix(x, rowCount: x.count, columnCount: 1) }
