import Kernels
public import Tensors

/// The rows of a table at the given indices.
///
///     y[…, :] = table[indices[…], :]
///
/// The pullback adds the gradients to the table's rows in the order of the indices.
///
/// - Parameters:
///   - indices: int32, any shape.
///   - table: `[rows, C]`.
/// - Returns: `[…, C]`.
/// - Precondition: Every index is in 0 ..< rows.
public func embedding(_ indices: Tensor, table: Variable) -> Variable {
  precondition(
    table.value.dimensionCount == 2 && indices.elementType == .int32,
    "embedding: \(indices.elementType) indices into a table of shape \(table.shape)")
  let (tableShape, channelCount) = (table.shape, table.shape[1])
  let y = Tensor(uninitialized: indices.shape + [channelCount])
  gatherRows(
    into: y.buffer, indices: indices.buffer, table: table.value.buffer,
    channelCount: channelCount)
  let tableAdjoint = table.adjoint
  return table.tape.record(y, from: [table]) { dy in
    tableAdjoint?.accumulate(shape: tableShape) { dTable, isAdding in
      scatterRows(
        into: dTable, indices: indices.buffer, dy.buffer, channelCount: channelCount,
        isAdding: isAdding)
    }
  }
}
