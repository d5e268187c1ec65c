extension NumPyArray {
  /// Some of the elements, without reading the others.
  ///
  /// - Parameters:
  ///   - range: Positions in row-major order.
  ///   - type: The element type.
  /// - Returns: The elements of the range.
  /// - Throws: `ArrayFileError` when the array holds another type.
  /// - Precondition: The range lies in `0..<elementCount`.
  public func elements<Element: ArrayElement>(
    in range: Range<Int>, as type: Element.Type = Element.self
  ) throws -> [Element] {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= elementCount,
      "NumPyArray: elements \(range) of \(elementCount)")
    try requireElementType(type)
    let stride = MemoryLayout<Element>.stride
    return withUnsafeBytes { bytes in
      [Element](
        copying: UnsafeRawBufferPointer(
          rebasing: bytes[range.lowerBound * stride..<range.upperBound * stride]))
    }
  }
}
