import CKernels

/// What multiplies float32 numbers that lie in panels, as far as the processor has it; AVX2 and AVX-512 give the same
/// bits.
package enum FloatVectors: CaseIterable, Sendable {
  /// Ordinary loops: the reference, and what any processor runs.
  case single
  /// AVX2 with FMA.
  case vectors256
  /// AVX-512.
  case vectors512

  /// The widest that there are.
  package static let widest = vectors512

  var value: CKernelsVectorWidth {
    switch self {
    case .single: CKernelsSingleNumbers
    case .vectors256: CKernelsVectors256
    case .vectors512: CKernelsVectors512
    }
  }
}
