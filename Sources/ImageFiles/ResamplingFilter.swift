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

/// Fixed-point weights of one axis of a resize, of the output positions that are kept.
///
/// Built as Pillow builds them for 8-bit images: in double precision over the window
/// `centre ± support * max(1, reduction)` cut off at the borders, divided by their sum, then rounded
/// (half away from zero) to 22 fractional bits.
struct ResamplingWeights {
  /// The input positions that the kept output positions take.
  let inputs: Range<Int>
  /// Number of output positions that are kept.
  let keptCount: Int
  /// First input position of each kept output position, counted from the first of `inputs`.
  private var starts: [Int32]
  /// Number of input positions of each kept output position.
  private var counts: [Int32]
  /// `[kept positions, stride]`.
  private var weights: [Int32]
  private let stride: Int

  init(inputSize: Int, outputSize: Int, kept: Range<Int>, filter: ResamplingFilter) {
    let scale = Double(inputSize) / Double(outputSize)
    let reduction = max(scale, 1)
    let support = filter.support * reduction
    /// The input positions of an output position; both ends grow with it.
    func window(_ position: Int) -> Range<Int> {
      let centre = (Double(position) + 0.5) * scale
      return max(Int(centre - support + 0.5), 0)..<min(Int(centre + support + 0.5), inputSize)
    }
    inputs = window(kept.lowerBound).lowerBound..<window(kept.upperBound - 1).upperBound
    keptCount = kept.count
    stride = Int(support.rounded(.up)) * 2 + 1
    starts = [Int32](repeating: 0, count: kept.count)
    counts = starts
    weights = [Int32](repeating: 0, count: kept.count * stride)
    let one = Double(1 << CKernels_resamplingFractionBitCount)
    var values = [Double](repeating: 0, count: stride)
    for (index, position) in kept.enumerated() {
      let centre = (Double(position) + 0.5) * scale
      let window = window(position)
      var sum = 0.0
      for (offset, input) in window.enumerated() {
        values[offset] = filter((Double(input) - centre + 0.5) * (1 / reduction))
        sum += values[offset]
      }
      for offset in 0..<window.count {
        let weight = (sum == 0 ? values[offset] : values[offset] / sum) * one
        weights[index * stride + offset] = Int32(weight.rounded(.toNearestOrAwayFromZero))
      }
      starts[index] = Int32(window.lowerBound - inputs.lowerBound)
      counts[index] = Int32(window.count)
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
