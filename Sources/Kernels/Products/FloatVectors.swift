import CKernels

/// What multiplies float32 numbers that lie in panels; for multiples of 16 columns AVX2 and AVX-512 give the same bits.
package enum FloatVectors: CaseIterable, Sendable {
  /// Ordinary loops: the reference, and what any processor runs.
  case single
  /// AVX2 with FMA.
  case vectors256
  /// AVX-512.
  case vectors512

  /// Those of this processor.
  package static let available: [FloatVectors] =
    switch ProcessorKind.current {
    case .other: [.single]
    case .vectors256: [.single, .vectors256]
    default: allCases
    }

  /// The widest of this processor.
  package static let widest = available[available.count - 1]

  var value: CKernelsVectorWidth {
    switch self {
    case .single: CKernelsFloatLoops
    case .vectors256: CKernelsFloatVectors256
    case .vectors512: CKernelsFloatVectors512
    }
  }
}
