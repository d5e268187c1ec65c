/// Naive loops for matrix products and affine maps.
package enum ProductsReference {
  /// A·B of row-major `[rowCount, depth]` and `[depth, columnCount]`.
  package static func product(
    _ a: [Double], _ b: [Double], rowCount: Int, columnCount: Int, depth: Int
  ) -> [Double] {
    var c = [Double](repeating: 0, count: rowCount * columnCount)
    for row in 0..<rowCount {
      for column in 0..<columnCount {
        for k in 0..<depth {
          c[row * columnCount + column] += a[row * depth + k] * b[k * columnCount + column]
        }
      }
    }
    return c
  }

  /// The transpose of `[rowCount, columnCount]`.
  package static func transpose(_ a: [Double], rowCount: Int, columnCount: Int) -> [Double] {
    var result = a
    for row in 0..<rowCount {
      for column in 0..<columnCount {
        result[column * rowCount + row] = a[row * columnCount + column]
      }
    }
    return result
  }

  /// x·Wᵀ + b of rows of `inputSize`, with W `[outputSize, inputSize]` and b `[outputSize]`.
  package static func affine(
    _ x: [Double], weight: [Double], bias: [Double]?, inputSize: Int, outputSize: Int
  ) -> [Double] {
    let rowCount = x.count / inputSize
    var y = [Double](repeating: 0, count: rowCount * outputSize)
    for row in 0..<rowCount {
      for output in 0..<outputSize {
        var sum = bias?[output] ?? 0
        for input in 0..<inputSize {
          sum += x[row * inputSize + input] * weight[output * inputSize + input]
        }
        y[row * outputSize + output] = sum
      }
    }
    return y
  }
}
