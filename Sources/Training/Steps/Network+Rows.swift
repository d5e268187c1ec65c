import Autodiff
import Kernels
import Tensors

extension Network {
  /// Begins rows of a table anew: weights and moving average take the given values, and the optimizer's
  /// moments are 0 as for a new weight.
  ///
  /// - Parameters:
  ///   - rows: The values of each row, by its number.
  ///   - parameter: One of the network's, `[rows, width]`.
  /// - Precondition: The network is allocated, the rows exist, and each has `width` values.
  func restart(_ rows: [Int: [Float]], of parameter: Parameter) {
    let (count, width) = (parameter.shape[0], parameter.shape[1])
    let state = state
    for (row, values) in rows {
      precondition(
        (0..<count).contains(row) && values.count == width,
        "restart: \(values.count) values for row \(row) of \(parameter.name) \(parameter.shape)")
      let start = parameter.offset + row * width
      let range = start..<start + width
      arena.values.buffer[range].copy(from: values)
      state.movingAverage?.buffer[range].copy(from: values)
      fill(state.firstMoments.buffer[range], with: 0)
      fill(state.secondMoments.buffer[range], with: 0)
    }
    arena.refreshOperands(of: parameter)
  }
}
