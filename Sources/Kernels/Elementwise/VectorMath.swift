import CKernels

/// The elementary functions that kernels are made of, by themselves, for their accuracy's test.
package enum VectorMath {
  /// e^x.
  package static func exponential(_ x: [Float]) -> [Float] {
    mapped(x) { CKernels_exponential($0, $1, Int64(x.count)) }
  }

  /// 1 / (1 + e^−x).
  package static func sigmoid(_ x: [Float]) -> [Float] {
    mapped(x) { CKernels_sigmoid($0, $1, Int64(x.count)) }
  }

  /// Φ(x), the standard normal distribution function, and φ(x), its derivative.
  package static func normalDistribution(_ x: [Float]) -> (distribution: [Float], density: [Float])
  {
    var density = [Float](repeating: 0, count: x.count)
    let distribution = density.withUnsafeMutableBufferPointer { density in
      mapped(x) { CKernels_normalDistribution($0, density.baseAddress, $1, Int64(x.count)) }
    }
    return (distribution, density)
  }

  private static func mapped(
    _ x: [Float], _ kernel: (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?) -> Void
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: x.count) { target, count in
      x.withUnsafeBufferPointer { kernel(target.baseAddress, $0.baseAddress) }
      count = x.count
    }
  }
}
