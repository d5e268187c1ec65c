public import Kernels
import Tensors

/// Images of another size.
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`.
///   - height: Rows of the result.
///   - width: Columns of the result.
///   - interpolation: How pixels between pixels are found.
/// - Returns: `[batch, height, width, channels]`; `x` itself if it has that size already.
public func resize(_ x: Variable, height: Int, width: Int, interpolation: Interpolation)
  -> Variable
{
  let shape = imageShape(x, "resize")
  return resample(
    x, rows: .resize(interpolation, from: shape.height, to: height),
    columns: .resize(interpolation, from: shape.width, to: width))
}

/// The part of images in a window, which may reach beyond them.
///
/// A window inside is a crop, one around them is padding, a shifted one of their size a translation:
/// y[r, c] = x[rows.lowerBound + r, columns.lowerBound + c].
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`.
///   - rows: Rows that are wanted, counted from the first; not empty.
///   - columns: Columns that are wanted, likewise.
///   - border: What is beyond the images.
/// - Returns: `[batch, rows.count, columns.count, channels]`.
public func imageWindow(
  _ x: Variable, rows: Range<Int>, columns: Range<Int>, border: ImageBorder = .zero
) -> Variable {
  let shape = imageShape(x, "imageWindow")
  return resample(
    x, rows: .window(rows, of: shape.height, border: border),
    columns: .window(columns, of: shape.width, border: border))
}

/// The mean of each cell and its neighbours, those that there are.
///
///     y[r, c] = mean of x over r − radius … r + radius, c − radius … c + radius, inside the image
///
/// - Parameters:
///   - x: `[batch, height, width, channels]`.
///   - radius: Neighbours on each side.
/// - Returns: Shaped like `x`.
public func neighbourMean(_ x: Variable, radius: Int) -> Variable {
  precondition(radius >= 0, "neighbourMean: radius \(radius)")
  let shape = imageShape(x, "neighbourMean")
  return resample(
    x, rows: .neighbourMean(size: shape.height, radius: radius),
    columns: .neighbourMean(size: shape.width, radius: radius))
}

/// A linear map along the rows of images and one along the columns.
///
/// - Parameters:
///   - x: `[batch, rows.inputSize, columns.inputSize, channels]`.
///   - rows: What happens along the height.
///   - columns: What happens along the width.
/// - Returns: `[batch, rows.outputSize, columns.outputSize, channels]`; `x` itself if both are the
///   identity.
public func resample(_ x: Variable, rows: AxisMap, columns: AxisMap) -> Variable {
  let shape = imageShape(x, "resample")
  let resampling = Resampling(rows: rows, columns: columns)
  precondition(
    rows.inputSize == shape.height && columns.inputSize == shape.width,
    "resample: maps of \(rows.inputSize)x\(columns.inputSize) pixels on shape \(x.shape)")
  guard !resampling.isIdentity else { return x }
  var resized = shape
  (resized.height, resized.width) = (rows.outputSize, columns.outputSize)
  let y = Tensor(
    uninitialized: [resized.batchSize, resized.height, resized.width, resized.channelCount])
  resampling.apply(into: y.buffer, isAdding: false, x.value.buffer, shape: shape)
  let (adjoint, xShape) = (x.adjoint, x.shape)
  return x.tape.record(y, from: [x]) { [resized] dy in
    adjoint?.accumulate(shape: xShape) { dx, isAdding in
      resampling.transposed.apply(into: dx, isAdding: isAdding, dy.buffer, shape: resized)
    }
  }
}
