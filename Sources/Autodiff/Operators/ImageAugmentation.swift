import Kernels
import Tensors

/// Changes the colours of each image by its own amounts.
///
///     a = x + brightness
///     b = (a − g)·saturation + g, g the mean over the channels of each pixel of a
///     y = (b − m)·contrast + m, m the mean over the whole image of b
///
/// In one pass: a pixel's mean is the same in a and b, and so is the image's, so that
/// y = contrast·saturation·x + contrast·(1 − saturation)·g(x) + (1 − contrast)·m(x) + brightness. Without
/// the brightness that is its own transpose. The image's mean is taken in double precision.
/// Source: Zhao et al. 2020 (DiffAugment), `rand_brightness` to `rand_contrast` of the authors' program.
///
/// - Parameters:
///   - x: Images, `[batch, height, width, channels]`.
///   - brightness: For each image, what is added.
///   - saturation: For each image, the factor of the distance to the pixel's mean.
///   - contrast: For each image, the factor of the distance to the image's mean.
/// - Returns: Shaped like `x`, not limited to a range.
public func adjustColors(
  _ x: Variable, brightness: [Float], saturation: [Float], contrast: [Float]
) -> Variable {
  let shape = imageShape(x, "adjustColors")
  let counts = [brightness, saturation, contrast].map(\.count)
  precondition(
    counts.allSatisfy { $0 == shape.batchSize },
    "adjustColors: \(counts) amounts for images of shape \(x.shape)")
  let mixtures = (0..<shape.batchSize).map { image in
    ColorMixture(
      own: contrast[image] * saturation[image], grey: contrast[image] * (1 - saturation[image]),
      image: 1 - contrast[image], offset: brightness[image])
  }
  let y = Tensor(uninitialized: x.shape)
  mixColors(into: y.buffer, isAdding: false, x.value.buffer, mixtures, shape: shape)
  let (adjoint, xShape) = (x.adjoint, x.shape)
  return x.tape.record(y, from: [x]) { dy in
    let transposed = mixtures.map {
      ColorMixture(own: $0.own, grey: $0.grey, image: $0.image, offset: 0)
    }
    adjoint?.accumulate(shape: xShape) { dx, isAdding in
      mixColors(into: dx, isAdding: isAdding, dy.buffer, transposed, shape: shape)
    }
  }
}

/// Moves each image by its own whole number of rows and columns; zeros come in.
///
///     y[r, c] = x[r + rows, c + columns]
///
/// One move for all images is `imageWindow`.
///
/// - Parameters:
///   - x: Images, `[batch, height, width, channels]`.
///   - rows: For each image, the row that becomes the first.
///   - columns: For each image, the column that becomes the first.
/// - Returns: Shaped like `x`.
public func translateImages(_ x: Variable, rows: [Int], columns: [Int]) -> Variable {
  let shape = imageShape(x, "translateImages")
  let y = Tensor(uninitialized: x.shape)
  translateImages(into: y.buffer, x.value.buffer, rows: rows, columns: columns, shape: shape)
  return x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    let dx = Tensor(uninitialized: dy.shape)
    translateImages(
      into: dx.buffer, dy.buffer, rows: rows.map { -$0 }, columns: columns.map { -$0 },
      shape: shape)
    adjoint?.accumulate(dx)
  }
}

/// Sets a rectangle of each image to 0.
///
/// Source: DeVries & Taylor 2017 (cutout).
///
/// - Parameters:
///   - x: Images, `[batch, height, width, channels]`.
///   - rows: For each image, the rectangle's rows; those beyond the image count for nothing.
///   - columns: For each image, the rectangle's columns, likewise.
/// - Returns: Shaped like `x`.
public func cutRectangles(_ x: Variable, rows: [Range<Int>], columns: [Range<Int>]) -> Variable {
  let shape = imageShape(x, "cutRectangles")
  let y = Tensor(uninitialized: x.shape)
  cutRectangles(into: y.buffer, x.value.buffer, rows: rows, columns: columns, shape: shape)
  return x.tape.record(y, from: [x]) { [adjoint = x.adjoint] dy in
    let dx = Tensor(uninitialized: dy.shape)
    cutRectangles(into: dx.buffer, dy.buffer, rows: rows, columns: columns, shape: shape)
    adjoint?.accumulate(dx)
  }
}
