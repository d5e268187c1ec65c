import CKernels

/// y = x·Wᵀ + b over rows.
///
/// - Parameters:
///   - y: `[rowCount, outputSize]`; float32 or bfloat16.
///   - x: `[rowCount, inputSize]`; float32 or bfloat16, as the weights.
///   - weight: W, `[outputSize, inputSize]`.
///   - panels: Wᵀ packed before; nil when it was not.
///   - bias: b, `[outputSize]`, float32; none when nil.
///   - rowCount: Number of rows.
///   - route: How bfloat16 operands are multiplied.
///   - rowBits: What the bits of a row of y depend on.
public func affine(
  into y: Buffer, _ x: Buffer, weight: Buffer, panels: FactorPanels? = nil, bias: Buffer?,
  rowCount: Int, route: BFloat16Route = .preferred, rowBits: RowBits = .ofShape
) {
  let (target, factor, transposed) = affineMatrices(y, x, weight, rowCount)
  product(
    into: target, factor, transposed, panels: panels, bias: bias, route: route, rowBits: rowBits)
}

/// u = x·Wᵀ + b and y = gelu(u); in single precision in one pass over the product's tiles.
///
/// - Parameters:
///   - y: `[rowCount, outputSize]`; float32 or bfloat16.
///   - u: The value before the activation, as it is stored: like `y`.
///   - x: `[rowCount, inputSize]`; float32 or bfloat16, as the weights.
///   - weight: W, `[outputSize, inputSize]`.
///   - bias: b, `[outputSize]`.
///   - rowCount: Number of rows.
///   - route: How bfloat16 operands are multiplied.
///   - rowBits: What the bits of a row of u and y depend on.
public func affineGELU(
  into y: Buffer, preactivation u: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer,
  rowCount: Int, route: BFloat16Route = .preferred, rowBits: RowBits = .ofShape
) {
  let (target, factor, transposed) = affineMatrices(u, x, weight, rowCount)
  precondition(
    bias.count == target.columnCount && y.count == u.count,
    "affineGELU: \(y.count) results of \(u.count), bias of \(bias.count)")
  guard x.elementType == .float32, u.elementType == .float32, y.elementType == .float32 else {
    product(into: target, factor, transposed, bias: bias, route: route, rowBits: rowBits)
    return gelu(into: y, u)
  }
  let (activated, before, stride, added) = (y.floats, u.floats, target.stride, bias.floats)
  tiledProduct(into: target, factor, transposed, rowBits: rowBits) { rows, columns in
    let offset = rows.lowerBound * stride + columns.lowerBound
    CKernels_biasGELU(
      activated + offset, before + offset, added + columns.lowerBound, Int64(stride),
      Int64(rows.count), Int64(columns.count))
  }
}

/// dx = dy·W, or dx += when `isAdding`; float32, or bfloat16 when it is not added to.
public func affineBackwardData(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, weight: Buffer, rowCount: Int,
  route: BFloat16Route = .preferred
) {
  let (gradient, target, transposed) = affineMatrices(dy, dx, weight, rowCount)
  product(into: target, gradient, transposed.transposed, beta: isAdding ? 1 : 0, route: route)
}

/// dW = dyᵀ·x, or dW += when `isAdding`.
public func affineBackwardWeights(
  into dWeight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer, rowCount: Int,
  route: BFloat16Route = .preferred
) {
  let (gradient, factor, transposed) = affineMatrices(dy, x, dWeight, rowCount)
  product(
    into: transposed.transposed, gradient.transposed, factor, beta: isAdding ? 1 : 0, route: route)
}

/// y, x and Wᵀ as matrices, with their sizes checked.
private func affineMatrices(_ y: Buffer, _ x: Buffer, _ weight: Buffer, _ rowCount: Int)
  -> (y: Matrix, x: Matrix, transposedWeight: Matrix)
{
  let outputSize = rowCount > 0 ? y.count / rowCount : 0
  let inputSize = rowCount > 0 ? x.count / rowCount : 0
  precondition(
    rowCount > 0 && y.count == rowCount * outputSize && x.count == rowCount * inputSize
      && weight.count == outputSize * inputSize,
    "affine: \(y.count) results, \(x.count) inputs, \(weight.count) weights, \(rowCount) rows")
  return (
    Matrix(y, rowCount: rowCount, columnCount: outputSize),
    Matrix(x, rowCount: rowCount, columnCount: inputSize),
    Matrix(weight, rowCount: outputSize, columnCount: inputSize).transposed
  )
}
