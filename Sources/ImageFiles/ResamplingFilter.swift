import CKernels

/// The kernel that weighs input pixels when an image is resized.
public enum ResamplingFilter: Sendable {
  /// Mean over the area that an output pixel covers.
  case box
  /// Cubic convolution with a = -0.5 (Keys 1981), widened by the reduction, so that it does not
  /// alias.
  case bicubic

  /// Half the width of the kernel, in output pixels when reducing.
  var support: Double {
    switch self {
    case .box: 0.5
    case .bicubic: 2
    }
  }

  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .box:
      return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bicubic:
      let a = -0.5
      let distance = abs(x)
      if distance < 1 {
        return ((a + 2) * distance - (a + 3)) * distance * distance + 1
      }
      if distance < 2 {
        return (((distance - 5) * distance + 8) * distance - 4) * a
      }
      return 0
    }
  }
}

/// Fixed-point weights of one axis of a resize.
///
/// Built as Pillow builds them for 8-bit images: in double precision over the window
/// `centre ± support * max(1, reduction)` cut off at the borders, divided by their sum, then rounded
/// (half away from zero) to 22 fractional bits.
struct ResamplingWeights {
  /// First input position of each output position.
  private var starts: [Int32]
  /// Number of input positions of each output position.
  private var counts: [Int32]
  /// `[outputSize, stride]`.
  private var weights: [Int32]
  private let stride: Int

  init(inputSize: Int, outputSize: Int, filter: ResamplingFilter) {
    let scale = Double(inputSize) / Double(outputSize)
    let reduction = max(scale, 1)
    let support = filter.support * reduction
    stride = Int(support.rounded(.up)) * 2 + 1
    starts = [Int32](repeating: 0, count: outputSize)
    counts = starts
    weights = [Int32](repeating: 0, count: outputSize * stride)
    let one = Double(1 << CKernels_resamplingFractionBitCount)
    for position in 0..<outputSize {
      let centre = (Double(position) + 0.5) * scale
      let start = max(Int(centre - support + 0.5), 0)
      let end = min(Int(centre + support + 0.5), inputSize)
      let values = (start..<end).map { input in
        filter((Double(input) - centre + 0.5) * (1 / reduction))
      }
      let sum = values.reduce(0, +)
      for (offset, value) in values.enumerated() {
        let weight = (sum == 0 ? value : value / sum) * one
        weights[position * stride + offset] = Int32(weight.rounded(.toNearestOrAwayFromZero))
      }
      starts[position] = Int32(start)
      counts[position] = Int32(end - start)
    }
  }

  /// Lends the weights to a kernel.
  func withAxis(_ body: (CKernelsResamplingAxis) -> Void) {
    starts.withUnsafeBufferPointer { starts in
      counts.withUnsafeBufferPointer { counts in
        weights.withUnsafeBufferPointer { weights in
          body(
            CKernelsResamplingAxis(
              starts: starts.baseAddress, counts: counts.baseAddress,
              weights: weights.baseAddress, stride: Int64(stride)))
        }
      }
    }
  }
}
