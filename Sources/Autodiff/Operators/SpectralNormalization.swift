import Kernels
public import Tensors

/// Estimates of the singular vectors of a weight's largest singular value.
///
/// The weight is the matrix of its first axis and all others. The vectors are a state that the owner
/// of the weight keeps and advances, once a pass of the network and not once a lane; nothing here
/// remembers them.
public struct SpectralVectors: Sendable {
  /// u, `[rows]`.
  public let left: Tensor
  /// v, `[columns]`, in the order of the weight's elements.
  public let right: Tensor

  /// Groups stored vectors.
  public init(left: Tensor, right: Tensor) {
    self.left = left
    self.right = right
  }

  /// Random unit vectors for a weight of a shape.
  public init(weightShape: [Int], key: RandomKey) {
    let rowCount = weightShape[0]
    let columnCount = weightShape.dropFirst().reduce(1, *)
    (left, right) = (Tensor(uninitialized: [rowCount]), Tensor(uninitialized: [columnCount]))
    left.fillUnitVector(key: key.child(0))
    right.fillUnitVector(key: key.child(1))
  }

  /// The vectors after one step of the power iteration: v = normalize(Wᵀu), u = normalize(W·v).
  ///
  /// Source: Miyato et al. 2018, algorithm 1.
  ///
  /// - Parameter weight: W, `[rows, ...]`.
  /// - Returns: The vectors for the next pass.
  public func advanced(for weight: Tensor) -> SpectralVectors {
    requireMatrix(weight.shape, "SpectralVectors.advanced")
    let next = SpectralVectors(
      left: Tensor(uninitialized: left.shape), right: Tensor(uninitialized: right.shape))
    powerIteration(
      u: next.left.buffer, v: next.right.buffer, from: left.buffer, weight: weight.buffer)
    return next
  }

  fileprivate func requireMatrix(_ shape: [Int], _ operation: String) {
    require(
      [left.count, right.count], matches: [shape.first ?? 0, shape.dropFirst().reduce(1, *)],
      operation)
  }
}

/// A weight divided by its largest singular value.
///
///     y = W/σ, σ = uᵀ·W·v;  dW = (G − (⟨G, W⟩/σ)·u·vᵀ)/σ
///
/// σ depends on W, u and v are constants. Source: Miyato et al. 2018, equations 8 and 12.
///
/// - Parameters:
///   - weight: W, `[rows, ...]`, not of norm 0.
///   - vectors: u and v, advanced for this pass.
/// - Returns: Shaped like `weight`.
public func spectrallyNormalized(_ weight: Variable, vectors: SpectralVectors) -> Variable {
  vectors.requireMatrix(weight.shape, "spectrallyNormalized")
  let value = weight.value
  let norm = spectralNorm(
    of: value.buffer, u: vectors.left.buffer, v: vectors.right.buffer)
  let y = Tensor(uninitialized: value.shape)
  scaleElements(into: y.buffer, isAdding: false, value.buffer, by: 1 / norm)
  let adjoint = weight.adjoint
  return weight.tape.record(y, from: [weight]) { dy in
    adjoint?.accumulate(shape: value.shape) { dweight, isAdding in
      spectralNormalizationGradient(
        into: dweight, isAdding: isAdding, dy.buffer, weight: value.buffer,
        u: vectors.left.buffer, v: vectors.right.buffer, norm: norm)
    }
  }
}
