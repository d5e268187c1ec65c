import CKernels

/// What multiplies bfloat16 numbers that lie in panels: each adds in an order of its own.
package enum PairInstructions: CaseIterable, Sendable {
  /// Ordinary loops: the reference, and what any processor runs.
  case loops
  /// AVX-512 with bfloat16.
  case vectors
  /// The matrix registers of AMX.
  case tiles

  /// The fastest of this processor; asked once.
  package static let best: PairInstructions =
    switch CKernels_bestInstructions() {
    case CKernelsTiles: .tiles
    case CKernelsVectors: .vectors
    default: .loops
    }

  /// Those of this processor.
  package static let available = allCases.filter { $0.value.rawValue <= best.value.rawValue }

  var value: CKernelsInstructions {
    switch self {
    case .loops: CKernelsLoops
    case .vectors: CKernelsVectors
    case .tiles: CKernelsTiles
    }
  }
}
