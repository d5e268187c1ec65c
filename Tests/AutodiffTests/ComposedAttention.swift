import Autodiff
import Kernels
import Tensors
import TestSupport

/// Norms and attention as operations of their own; `layerNorm` runs on the heads as rows.
func composedAttention(_ inputs: [Variable], _ test: AttentionCase) -> Variable {
  let queries = layerNorm(
    heads(inputs[0], part: 0, test), weight: inputs[1], bias: inputs[2], epsilon: 0.01)
  let keys = layerNorm(
    heads(inputs[0], part: 1, test), weight: inputs[3], bias: inputs[4], epsilon: 0.01)
  let packed = pack([queries, keys, heads(inputs[0], part: 2, test)])
  return plainAttention(packed, test)
}

/// Part 0, 1 or 2 of packed rows, `[rows, headCount, headSize]`.
private func heads(_ qkv: Variable, part: Int, _ test: AttentionCase) -> Variable {
  let (rowCount, width, shape) = (qkv.value.rowCount, test.width, qkv.shape)
  let source = qkv.value.array(of: Float.self)
  var values: [Float] = []
  for row in 0..<rowCount {
    let start = (row * 3 + part) * width
    values += source[start..<start + width]
  }
  let y = Tensor(values, shape: [rowCount, test.headCount, test.headSize])
  return qkv.tape.record(y, from: [qkv]) { [adjoint = qkv.adjoint] dy in
    let d = dy.array(of: Float.self)
    var spread = [Float](repeating: 0, count: source.count)
    for i in d.indices { spread[(i / width * 3 + part) * width + i % width] = d[i] }
    adjoint?.accumulate(Tensor(spread, shape: shape))
  }
}

/// Parts `[rows, heads, headSize]` side by side in each row.
private func pack(_ parts: [Variable]) -> Variable {
  let (rowCount, width) = (parts[0].shape[0], parts[0].shape[1] * parts[0].shape[2])
  let shape = parts[0].shape
  let sources = parts.map { $0.value.array(of: Float.self) }
  var values: [Float] = []
  for row in 0..<rowCount {
    for source in sources { values += source[row * width..<(row + 1) * width] }
  }
  let adjoints = parts.map(\.adjoint)
  return parts[0].tape.record(Tensor(values, shape: [rowCount, 3 * width]), from: parts) { dy in
    let d = dy.array(of: Float.self)
    for (part, adjoint) in adjoints.enumerated() {
      let share: [Float] = (0..<rowCount * width).map { i in
        d[(i / width * 3 + part) * width + i % width]
      }
      adjoint?.accumulate(Tensor(share, shape: shape))
    }
  }
}

/// Rotation and attention by the plain loops, whose gradient stores all probabilities.
private func plainAttention(_ packed: Variable, _ test: AttentionCase) -> Variable {
  let reference = test.reference
  let rotated = reference.prepared(
    packed.value.doubles, norms: [], epsilon: 0, angles: test.angles)
  let y = reference.attention(rotated).map { Float($0) }
  let shape = packed.shape
  return packed.tape.record(
    Tensor(y, shape: [test.batchCount, test.tokenCount, test.width]), from: [packed]
  ) { [adjoint = packed.adjoint] dy in
    let drotated = reference.attentionGradient(dy.doubles, rotated)
    // A rotation's gradient is the rotation back.
    let turned = reference.prepared(
      drotated, norms: [], epsilon: 0, angles: test.angles.map { -$0 })
    adjoint?.accumulate(Tensor(turned.map { Float($0) }, shape: shape))
  }
}
