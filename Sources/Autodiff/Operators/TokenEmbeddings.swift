import Kernels
import Tensors

/// Adds an embedding to every token of a run, for consecutive runs of tokens from token 0 on.
///
///     y[b, n, :] = x[b, n, :] + embedding of the run that n lies in
///
/// Runs may end before the sequence does; later tokens stay as they are.
///
/// - Parameters:
///   - x: `[B, N, C]`.
///   - rows: The embedding of each run, C elements, and the run's length.
/// - Returns: `[B, N, C]`.
public func addTokenEmbeddings(
  _ x: Variable, rows: [(embedding: Variable, tokenCount: Int)]
) -> Variable {
  let end = rows.reduce(0) { $0 + $1.tokenCount }
  precondition(
    x.value.dimensionCount == 3 && end <= x.shape[1] && rows.allSatisfy { $0.tokenCount >= 0 }
      && rows.allSatisfy { $0.embedding.value.count == x.shape[2] },
    """
    addTokenEmbeddings: embeddings \(rows.map(\.embedding.shape)) on runs \
    \(rows.map(\.tokenCount)) of shape \(x.shape)
    """)
  let (batchCount, tokenCount, channelCount) = (x.shape[0], x.shape[1], x.shape[2])
  var rowOfToken = [Int?](repeating: nil, count: tokenCount)
  var pullbacks: [(adjoint: Adjoint?, shape: [Int], tokens: Range<Int>)] = []
  for (index, row) in rows.enumerated() {
    let begin = pullbacks.last?.tokens.upperBound ?? 0
    let tokens = begin..<begin + row.tokenCount
    for token in tokens { rowOfToken[token] = index }
    pullbacks.append((row.embedding.adjoint, row.embedding.shape, tokens))
  }
  let y = Tensor(uninitialized: x.shape)
  addTokenRows(
    into: y.buffer, x.value.buffer, rows: rows.map(\.embedding.value.buffer),
    rowOfToken: rowOfToken, channelCount: channelCount)
  let xAdjoint = x.adjoint
  return x.tape.record(y, from: [x] + rows.map(\.embedding)) { [pullbacks] dy in
    xAdjoint?.accumulate(dy)
    for (adjoint, shape, tokens) in pullbacks {
      adjoint?.accumulate(shape: shape) { dRow, isAdding in
        let ranges = (0..<batchCount).map {
          $0 * tokenCount + tokens.lowerBound..<$0 * tokenCount + tokens.upperBound
        }
        sumTokenRows(into: dRow, of: dy.buffer, rowRanges: ranges, isAdding: isAdding)
      }
    }
  }
}

/// One token everywhere: y[b, n, :] = token.
///
/// - Parameters:
///   - token: C elements.
///   - batchCount: B.
///   - tokenCount: N.
/// - Returns: `[B, N, C]`.
public func repeatToken(_ token: Variable, batchCount: Int, tokenCount: Int) -> Variable {
  precondition(
    batchCount >= 0 && tokenCount >= 0, "repeatToken: \(batchCount) × \(tokenCount) times")
  let (shape, channelCount) = (token.shape, token.value.count)
  let y = Tensor(uninitialized: [batchCount, tokenCount, channelCount])
  let rowCount = batchCount * tokenCount
  copyBlocks(
    into: BlockRow(y.buffer, stride: channelCount), from: BlockRow(token.value.buffer, stride: 0),
    blockCount: rowCount, blockSize: channelCount)
  let tokenAdjoint = token.adjoint
  return token.tape.record(y, from: [token]) { dy in
    tokenAdjoint?.accumulate(shape: shape) { dToken, isAdding in
      sumTokenRows(into: dToken, of: dy.buffer, rowRanges: [0..<rowCount], isAdding: isAdding)
    }
  }
}

/// One sequence for every sample: y[b, :, :] = x.
///
/// - Parameters:
///   - x: `[N, C]`.
///   - batchCount: B.
/// - Returns: `[B, N, C]`.
public func repeatBatch(_ x: Variable, batchCount: Int) -> Variable {
  precondition(
    x.value.dimensionCount == 2 && batchCount >= 0,
    "repeatBatch: shape \(x.shape), \(batchCount) times")
  let (shape, size) = (x.shape, x.value.count)
  let y = Tensor(uninitialized: [batchCount] + shape)
  copyBlocks(
    into: BlockRow(y.buffer, stride: size), from: BlockRow(x.value.buffer, stride: 0),
    blockCount: batchCount, blockSize: size)
  let xAdjoint = x.adjoint
  return x.tape.record(y, from: [x]) { dy in
    xAdjoint?.accumulate(shape: shape) { dx, isAdding in
      sumTokenRows(into: dx, of: dy.buffer, rowRanges: [0..<batchCount], isAdding: isAdding)
    }
  }
}

/// The tail of every sequence replaced by one token: nested dropout.
///
///     y[b, n, :] = x[b, n, :] for n < keepCounts[b], else token
///
/// - Parameters:
///   - x: `[B, L, d]`.
///   - keepCounts: B numbers in 0 ... L.
///   - token: d elements.
/// - Returns: `[B, L, d]`.
/// Source: Docs/Method.md, section 5; Rippel et al. 2014.
public func replaceTail(_ x: Variable, keepCounts: [Int], token: Variable) -> Variable {
  precondition(
    x.value.dimensionCount == 3 && keepCounts.count == x.shape[0]
      && token.value.count == x.shape[2]
      && keepCounts.allSatisfy { $0 >= 0 && $0 <= x.shape[1] },
    """
    replaceTail: keep \(keepCounts) of shape \(x.shape), token of shape \(token.shape)
    """)
  let (shape, tokenShape) = (x.shape, token.shape)
  let (tokenCount, channelCount) = (shape[1], shape[2])
  let size = tokenCount * channelCount
  let y = Tensor(uninitialized: shape)
  for (sample, keepCount) in keepCounts.enumerated() {
    let (begin, kept) = (sample * size, keepCount * channelCount)
    y.buffer[begin..<begin + kept].copy(from: x.value.buffer[begin..<begin + kept])
    copyBlocks(
      into: BlockRow(y.buffer, offset: begin + kept, stride: channelCount),
      from: BlockRow(token.value.buffer, stride: 0), blockCount: tokenCount - keepCount,
      blockSize: channelCount)
  }
  let (xAdjoint, tokenAdjoint) = (x.adjoint, token.adjoint)
  return x.tape.record(y, from: [x, token]) { dy in
    xAdjoint?.accumulate(shape: shape) { dx, isAdding in
      for (sample, keepCount) in keepCounts.enumerated() {
        let (begin, kept) = (sample * size, keepCount * channelCount)
        copyBlocks(
          into: BlockRow(dx, offset: begin, stride: kept),
          from: BlockRow(dy.buffer, offset: begin, stride: kept), blockCount: 1, blockSize: kept,
          isAdding: isAdding)
        guard !isAdding else { continue }
        fill(dx[begin + kept..<begin + size], with: 0)
      }
    }
    tokenAdjoint?.accumulate(shape: tokenShape) { dToken, isAdding in
      let tails = keepCounts.enumerated().map { sample, keepCount in
        sample * tokenCount + keepCount..<(sample + 1) * tokenCount
      }
      sumTokenRows(into: dToken, of: dy.buffer, rowRanges: tails, isAdding: isAdding)
    }
  }
}
