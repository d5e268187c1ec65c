import Kernels
import Tensors

/// The channels of all parts one after the other.
///
/// - Parameter parts: `[..., Cᵢ]` each, which differ in no other axis; at least one.
/// - Returns: `[..., ΣCᵢ]`.
public func concatenateChannels(_ parts: [Variable]) -> Variable {
  concatenate(parts, axis: (parts.first?.value.dimensionCount ?? 0) - 1, "concatenateChannels")
}

/// All parts one after the other along `axis`, the only one that they may differ in.
func concatenate(_ parts: [Variable], axis: Int, _ name: String) -> Variable {
  precondition(
    parts.allSatisfy { isEqual($0.shape, parts[0].shape, except: axis) } && axis >= 0
      && !parts.isEmpty,
    "\(name): shapes \(parts.map(\.shape)) differ in more than axis \(axis)")
  var shape = parts[0].shape
  shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
  let y = Tensor(uninitialized: shape)
  let blockCount = shape[..<axis].reduce(1, *)
  let stride = shape[axis...].reduce(1, *)
  var offset = 0
  var pullbacks: [(adjoint: Adjoint?, shape: [Int], offset: Int)] = []
  for part in parts {
    let size = part.shape[axis...].reduce(1, *)
    copyBlocks(
      into: BlockRow(y.buffer, offset: offset, stride: stride),
      from: BlockRow(part.value.buffer, stride: size), blockCount: blockCount, blockSize: size)
    pullbacks.append((part.adjoint, part.shape, offset))
    offset += size
  }
  return parts[0].tape.record(y, from: parts) { [pullbacks] dy in
    for (adjoint, shape, offset) in pullbacks {
      let size = shape[axis...].reduce(1, *)
      adjoint?.accumulate(shape: shape) { dx, isAdding in
        copyBlocks(
          into: BlockRow(dx, stride: size),
          from: BlockRow(dy.buffer, offset: offset, stride: stride), blockCount: blockCount,
          blockSize: size, isAdding: isAdding)
      }
    }
  }
}

private func isEqual(_ shape: [Int], _ other: [Int], except axis: Int) -> Bool {
  shape.count == other.count
    && shape.indices.allSatisfy { $0 == axis || shape[$0] == other[$0] }
}
