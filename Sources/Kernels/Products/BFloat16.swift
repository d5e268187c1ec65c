import CKernels
import COneDNN

/// How products of bfloat16 operands are computed; sums are float32 either way.
public enum BFloat16Route: Sendable, CaseIterable {
  /// By oneDNN, on the operands as they are.
  case library
  /// By the float32 products and convolutions, on operands that were widened to float32 first.
  case widened

  /// What this processor can do; asked of oneDNN once.
  ///
  /// Without instructions for bfloat16 numbers oneDNN would refuse, or imitate them at less than float32's rate.
  public static let available: [BFloat16Route] =
    OneDNNEngine.uses(dnnl_cpu_isa_avx512_core_bf16) ? [.library, .widened] : [.widened]

  /// oneDNN where the processor multiplies bfloat16 numbers faster than float32 ones.
  ///
  /// Intel's vectors do it at half that rate; their tiles, and AMD's vectors, at twice it and more.
  public static let preferred: BFloat16Route =
    CKernels_processorKind() == CKernelsSlowPairsProcessor ? .widened : available[0]

  /// The type that operands of a type are multiplied in.
  public func multipliedType(of type: ElementType) -> ElementType {
    self == .library ? type : .float32
  }

  /// Whether two operands are bfloat16 numbers that are multiplied as such.
  func multipliesAsTheyAre(_ first: Buffer, _ second: Buffer) -> Bool {
    self == .library && first.elementType == .bfloat16 && second.elementType == .bfloat16
  }
}

/// y = x rounded to the nearest bfloat16, ties to even; `y` is of type bfloat16.
public func roundToBFloat16(into y: Buffer, _ x: Buffer) {
  precondition(y.count == x.count, "roundToBFloat16: counts \(y.count), \(x.count) differ")
  let (target, source) = (y.bfloat16s, x.floats)
  parallelFor(y.count, grain: elementGrain) { range in
    CKernels_roundToBFloat16(
      target + range.lowerBound, source + range.lowerBound, Int64(range.count))
  }
}

/// y = x, exactly; `x` is of type bfloat16.
public func widenBFloat16(into y: Buffer, _ x: Buffer) {
  precondition(y.count == x.count, "widenBFloat16: counts \(y.count), \(x.count) differ")
  let (target, source) = (y.floats, x.bfloat16s)
  parallelFor(y.count, grain: elementGrain) { range in
    CKernels_widenBFloat16(
      target + range.lowerBound, source + range.lowerBound, Int64(range.count))
  }
}

/// A gradient rounded to bfloat16, in the form that products take by a route.
///
/// It is multiplied twice and never saved, so that the widened route keeps it in float32.
///
/// - Parameters:
///   - dy: A gradient, float32 or rounded already.
///   - route: How its products will be computed.
/// - Returns: A buffer of type bfloat16, or one of type float32 with rounded numbers.
public func bfloat16Operand(_ dy: Buffer, route: BFloat16Route = .preferred) -> Buffer {
  switch route {
  case _ where dy.elementType == .bfloat16:
    return route == .library ? dy : dy.widened
  case .library:
    let rounded = Buffer(.bfloat16, count: dy.count)
    roundToBFloat16(into: rounded, dy)
    return rounded
  case .widened:
    let rounded = Buffer(.float32, count: dy.count)
    let (target, source) = (rounded.floats, dy.floats)
    parallelFor(dy.count, grain: elementGrain) { range in
      CKernels_roundInFloat32(
        target + range.lowerBound, source + range.lowerBound, Int64(range.count))
    }
    return rounded
  }
}

extension Buffer {
  /// The elements in float32: this buffer, or a copy when it is of type bfloat16.
  public var widened: Buffer {
    guard elementType == .bfloat16 else { return self }
    let wide = Buffer(.float32, count: count)
    widenBFloat16(into: wide, self)
    return wide
  }

  /// The elements of a float32 buffer rounded to bfloat16.
  public var rounded: Buffer {
    let half = Buffer(.bfloat16, count: count)
    roundToBFloat16(into: half, self)
    return half
  }
}
