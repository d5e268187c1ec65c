import Kernels
import Tensors

/// The sequences of all parts one after the other.
///
/// - Parameter parts: `[B, Nᵢ, C]` each, at least one.
/// - Returns: `[B, ΣNᵢ, C]`.
public func concatenateTokens(_ parts: [Variable]) -> Variable {
  precondition(
    parts.allSatisfy { $0.value.dimensionCount == 3 },
    "concatenateTokens: shapes \(parts.map(\.shape)) are not [batch, tokens, channels]")
  return concatenate(parts, axis: 1, "concatenateTokens")
}

/// The tokens `range` of every sequence.
///
/// Gradients of several slices of one value add into one buffer.
///
/// - Parameters:
///   - x: `[B, N, C]`.
///   - range: Inside 0 ..< N.
/// - Returns: `[B, range.count, C]`.
public func sliceTokens(_ x: Variable, _ range: Range<Int>) -> Variable {
  precondition(
    x.value.dimensionCount == 3 && range.lowerBound >= 0 && range.upperBound <= x.shape[1],
    "sliceTokens: tokens \(range) of shape \(x.shape)")
  let (batchCount, tokenCount, channelCount) = (x.shape[0], x.shape[1], x.shape[2])
  let y = Tensor(uninitialized: [batchCount, range.count, channelCount])
  let (size, stride) = (range.count * channelCount, tokenCount * channelCount)
  let begin = range.lowerBound * channelCount
  copyBlocks(
    into: BlockRow(y.buffer, stride: size),
    from: BlockRow(x.value.buffer, offset: begin, stride: stride), blockCount: batchCount,
    blockSize: size)
  let (xAdjoint, shape) = (x.adjoint, x.shape)
  return x.tape.record(y, from: [x]) { dy in
    xAdjoint?.accumulate(shape: shape) { dx, isAdding in
      copyBlocks(
        into: BlockRow(dx, offset: begin, stride: stride), from: BlockRow(dy.buffer, stride: size),
        blockCount: batchCount, blockSize: size, isAdding: isAdding)
      guard !isAdding else { return }
      zeroBlocks(BlockRow(dx, stride: stride), blockCount: batchCount, blockSize: begin)
      zeroBlocks(
        BlockRow(dx, offset: begin + size, stride: stride), blockCount: batchCount,
        blockSize: stride - begin - size)
    }
  }
}

/// Tokens and channels exchanged: y[b, c, n] = x[b, n, c].
///
/// - Parameter x: `[B, N, C]`.
/// - Returns: `[B, C, N]`.
public func transposeTokens(_ x: Variable) -> Variable {
  precondition(x.value.dimensionCount == 3, "transposeTokens: shape \(x.shape)")
  let (batchCount, tokenCount, channelCount) = (x.shape[0], x.shape[1], x.shape[2])
  let y = Tensor(uninitialized: [batchCount, channelCount, tokenCount])
  transposeMatrices(
    into: y.buffer, x.value.buffer, batchCount: batchCount, rowCount: tokenCount,
    columnCount: channelCount)
  let (xAdjoint, shape) = (x.adjoint, x.shape)
  return x.tape.record(y, from: [x]) { dy in
    xAdjoint?.accumulate(shape: shape) { dx, isAdding in
      transposeMatrices(
        into: dx, dy.buffer, batchCount: batchCount, rowCount: channelCount,
        columnCount: tokenCount, isAdding: isAdding)
    }
  }
}

/// The same elements under another shape, without a copy.
///
/// - Parameters:
///   - x: Any shape.
///   - shape: As many elements.
/// - Returns: The variable of shape `shape`.
public func reshape(_ x: Variable, to shape: [Int]) -> Variable {
  precondition(
    shape.reduce(1, *) == x.value.count, "reshape: shape \(x.shape) to \(shape)")
  let (xAdjoint, xShape) = (x.adjoint, x.shape)
  return x.tape.record(
    x.value.reshaped(to: shape), from: [x], gradientType: xAdjoint?.elementType ?? .float32
  ) { dy in
    xAdjoint?.accumulate(dy.reshaped(to: xShape))
  }
}
