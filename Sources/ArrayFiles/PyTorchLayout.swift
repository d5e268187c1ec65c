/// How a tensor lies in its storage: element `[i, j, …]` is number `offset + i s₀ + j s₁ + …` of it.
struct PyTorchLayout {
  let storage: PyTorchStorage
  /// The number of the first element.
  let offset: Int
  let shape: [Int]
  /// The distance between neighbours of each axis in elements; 0 where the axis has one element.
  let strides: [Int]
  /// The product of the shape.
  let elementCount: Int

  /// The layout that a file claims.
  ///
  /// - Throws: `SizeError` when a size is no size, or an element lies outside of the storage;
  ///   `FormatProblem` when shape and strides do not match.
  init(
    storage: PyTorchStorage, offset: Int64, shape: [Int64], strides: [Int64], source: String
  ) throws {
    guard shape.count == strides.count else {
      throw FormatProblem("a tensor has \(shape.count) sizes and \(strides.count) strides")
    }
    _ = try claimedSize(
      shape.count, field: "the number of axes of a tensor", of: source, limit: SizeLimit.axisCount)
    elementCount = try claimedSize(
      product: shape, field: "the shape of a tensor", of: source, limit: SizeLimit.elementCount)
    let isEmpty = elementCount == 0
    // Where there are no two neighbours, their distance may be anything.
    let strides = zip(shape, strides).map { $0 > 1 && !isEmpty ? $1 : 0 }
    let steps = try zip(shape, strides).map { size, stride in
      stride == 0
        ? 0
        : try claimedSize(
          product: [size - 1, stride], field: "a stride of a tensor", of: source,
          limit: storage.elementCount)
    }
    let place = "an element of a tensor in storage '\(VisibleText.name(storage.key))'"
    _ = try claimedSize(
      sum: [offset] + steps.map(Int64.init), field: place, of: source,
      limit: isEmpty ? storage.elementCount : max(0, storage.elementCount - 1))
    guard isEmpty || storage.elementCount > 0 else {
      throw FormatProblem("\(place) is missing: the storage is empty")
    }
    self.storage = storage
    self.offset = Int(offset)
    self.shape = shape.map { Int($0) }
    self.strides = strides.map { Int($0) }
  }

  /// Whether the elements lie one after the other in row-major order.
  var isContiguous: Bool {
    guard elementCount > 0 else { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == expected else { return false }
      expected *= size
    }
    return true
  }

  /// Calls `body` with the number of each element, in row-major order.
  ///
  /// - Precondition: The tensor has elements.
  func forEachElement(_ body: (Int) -> Void) {
    precondition(elementCount > 0, "PyTorchLayout: shape \(shape) has no elements")
    let (innerSize, innerStride) = (shape.last ?? 1, strides.last ?? 0)
    var counters = [Int](repeating: 0, count: shape.count)
    var start = offset
    while true {
      for inner in 0..<innerSize { body(start + inner * innerStride) }
      var axis = shape.count - 2
      while axis >= 0 {
        counters[axis] += 1
        start += strides[axis]
        if counters[axis] < shape[axis] { break }
        start -= strides[axis] * shape[axis]
        counters[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
