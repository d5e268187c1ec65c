/// How pixels between pixels are found when an image gets another size.
public enum Interpolation: Sendable, CaseIterable {
  /// Cubic convolution with a = −0.75 on four pixels, beyond the edge the edge's; reducing does not
  /// widen it.
  case cubic
  /// The straight line between two pixels, beyond the edge the edge's; reducing does not widen it.
  case linear
  /// Cubic convolution with a = −0.5, widened by the reduction; beyond the edge there is nothing.
  case antialiasedCubic
  /// The triangle, widened by the reduction; beyond the edge there is nothing.
  case antialiasedLinear
  /// The mean over all pixels that a cell touches (adaptive average pooling).
  case area
}

/// What is beyond an image's edge.
public enum ImageBorder: Sendable, CaseIterable {
  /// Zeros.
  case zero
  /// The nearest pixel of the edge.
  case edge
}

extension AxisMap {
  /// A resize of an axis; pixels are cells, so that the edges of both sizes coincide.
  ///
  /// Source: Keys 1981, equation 15; PyTorch `torch.nn.functional.interpolate` with `align_corners=False`.
  ///
  /// - Parameters:
  ///   - interpolation: How.
  ///   - inputSize: Pixels that there are; positive.
  ///   - outputSize: Pixels that are wanted; positive.
  /// - Returns: The map; the identity where both sizes are one.
  public static func resize(
    _ interpolation: Interpolation, from inputSize: Int, to outputSize: Int
  ) -> AxisMap {
    precondition(
      inputSize > 0 && outputSize > 0, "AxisMap: resize of \(inputSize) pixels to \(outputSize)")
    return AxisMap(
      inputSize: inputSize,
      taps: (0..<outputSize).map { position in
        switch interpolation {
        case .cubic:
          narrowTaps(position, inputSize, outputSize, radius: 2) { cubicKernel($0, a: -0.75) }
        case .linear: narrowTaps(position, inputSize, outputSize, radius: 1) { max(0, 1 - $0) }
        case .antialiasedCubic:
          widenedTaps(position, inputSize, outputSize, radius: 2) { cubicKernel($0, a: -0.5) }
        case .antialiasedLinear:
          widenedTaps(position, inputSize, outputSize, radius: 1) { max(0, 1 - $0) }
        case .area: areaTaps(position, inputSize, outputSize)
        }
      })
  }

  /// The pixels `range` of an axis, which may begin before the first one and end behind the last.
  ///
  /// - Parameters:
  ///   - range: Output position i is pixel `range.lowerBound` + i.
  ///   - inputSize: Pixels that there are.
  ///   - border: What is beyond them.
  /// - Returns: The map.
  public static func window(_ range: Range<Int>, of inputSize: Int, border: ImageBorder) -> AxisMap
  {
    AxisMap(
      inputSize: inputSize,
      taps: range.map { pixel in
        let nearest = min(max(pixel, 0), inputSize - 1)
        return border == .edge || nearest == pixel ? [Tap(index: nearest, weight: 1)] : []
      })
  }

  private static func narrowTaps(
    _ position: Int, _ inputSize: Int, _ outputSize: Int, radius: Int, _ kernel: (Double) -> Double
  ) -> [Tap] {
    let place = (Double(position) + 0.5) * Double(inputSize) / Double(outputSize) - 0.5
    let pixel = Int(place.rounded(.down))
    return (pixel - radius + 1...pixel + radius).map {
      Tap(index: min(max($0, 0), inputSize - 1), weight: kernel(abs(place - Double($0))))
    }
  }

  private static func widenedTaps(
    _ position: Int, _ inputSize: Int, _ outputSize: Int, radius: Double,
    _ kernel: (Double) -> Double
  ) -> [Tap] {
    let scale = Double(inputSize) / Double(outputSize)
    let width = max(scale, 1)
    let center = (Double(position) + 0.5) * scale
    let first = max(0, Int((center - radius * width + 0.5).rounded(.down)))
    let end = min(inputSize, Int((center + radius * width + 0.5).rounded(.down)))
    let weights = (first..<end).map { kernel(abs(Double($0) + 0.5 - center) / width) }
    let total = weights.reduce(0, +)
    return zip(first..<end, weights).map { Tap(index: $0, weight: $1 / total) }
  }

  private static func areaTaps(_ position: Int, _ inputSize: Int, _ outputSize: Int) -> [Tap] {
    let first = position * inputSize / outputSize
    let end = ((position + 1) * inputSize + outputSize - 1) / outputSize
    return (first..<end).map { Tap(index: $0, weight: 1 / Double(end - first)) }
  }

  private static func cubicKernel(_ distance: Double, a: Double) -> Double {
    if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
    if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
    return 0
  }
}

extension AxisMap {
  /// The mean of each position and its neighbours, those that there are.
  ///
  /// - Parameters:
  ///   - size: Positions.
  ///   - radius: Neighbours on each side.
  /// - Returns: The map.
  public static func neighbourMean(size: Int, radius: Int) -> AxisMap {
    AxisMap(
      inputSize: size,
      taps: (0..<size).map { position in
        let window = max(0, position - radius)...min(size - 1, position + radius)
        return window.map { Tap(index: $0, weight: 1 / Double(window.count)) }
      })
  }
}
