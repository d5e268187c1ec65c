import Kernels
import Tensors

/// The largest number of each square window, without padding.
///
/// The gradient goes to the first of equal numbers in row-major order.
///
/// - Parameters:
///   - x: The images, `[batch, height, width, channels]`.
///   - kernelSize: Rows and columns of a window.
///   - stride: Rows and columns from one window to the next.
/// - Returns: `[batch, ⌊(height − kernelSize)/stride⌋ + 1, …, channels]`, columns as rows.
/// - Precondition: One window fits.
public func maxPool(_ x: Variable, kernelSize: Int, stride: Int) -> Variable {
  cellMaxima(
    x, PoolingShape(imageShape(x, "maxPool"), kernelSize: kernelSize, stride: stride))
}

/// The largest number of each cell, so that the result has a given size.
///
/// Input `[batch, n, …, channels]`, output `[batch, height, width, channels]`; of m cells over n pixels the
/// i-th covers ⌊i·n/m⌋ to below ⌈(i + 1)·n/m⌉, also where n < m. The gradient goes to the first of equal
/// numbers in row-major order.
public func adaptiveMaxPool(_ x: Variable, height: Int, width: Int) -> Variable {
  cellMaxima(
    x, PoolingShape(imageShape(x, "adaptiveMaxPool"), toHeight: height, width: width))
}

/// The mean of each square window, without padding; that of adaptive cells is `resize` by `area`.
///
/// - Parameters:
///   - x: The images, `[batch, height, width, channels]`.
///   - kernelSize: Rows and columns of a window.
///   - stride: Rows and columns from one window to the next.
/// - Returns: The means, in the shape of `maxPool`.
/// - Precondition: One window fits.
public func averagePool(_ x: Variable, kernelSize: Int, stride: Int) -> Variable {
  cellMeans(
    x, PoolingShape(imageShape(x, "averagePool"), kernelSize: kernelSize, stride: stride))
}

private func cellMaxima(_ x: Variable, _ shape: PoolingShape) -> Variable {
  let y = Tensor(uninitialized: shape.result.sizes)
  let indices = Buffer(.int32, count: y.count)
  cellMaxima(into: y.buffer, indices: indices, x.value.buffer, shape: shape)
  return x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    adjoint?.accumulate(shape: shape.images.sizes) { dx, isAdding in
      cellMaximaGradient(
        into: dx, isAdding: isAdding, dy.buffer, indices: indices, shape: shape)
    }
  }
}

private func cellMeans(_ x: Variable, _ shape: PoolingShape) -> Variable {
  let y = Tensor(uninitialized: shape.result.sizes)
  cellMeans(into: y.buffer, x.value.buffer, shape: shape)
  return x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    adjoint?.accumulate(shape: shape.images.sizes) { dx, isAdding in
      cellMeansGradient(into: dx, isAdding: isAdding, dy.buffer, shape: shape)
    }
  }
}
