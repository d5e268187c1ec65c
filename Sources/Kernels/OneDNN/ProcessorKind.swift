import CKernels

/// What of a processor decides which way of computing a convolution is the fastest on it.
///
/// A function of the processor alone: a way chosen by a stopwatch would give bits that depend on what else ran.
public enum ProcessorKind: String, Sendable, CaseIterable, Codable {
  /// Matrix registers for bfloat16 (AMX).
  case tiles
  /// AVX-512 that multiplies pairs of bfloat16 numbers at twice the rate of float32 (AMD).
  case fastPairs = "fast-pairs"
  /// AVX-512 that multiplies pairs of bfloat16 numbers at half the rate of float32 (Intel without AMX).
  case slowPairs = "slow-pairs"
  /// AVX-512 without bfloat16.
  case vectors512 = "avx512"
  /// AVX2 with FMA.
  case vectors256 = "avx2"
  /// Any other.
  case other

  /// That of this processor, as far as oneDNN may use it; asked once.
  public static let current: ProcessorKind =
    switch CKernels_processorKind() {
    case CKernelsTilesProcessor where BFloat16Route.available.contains(.library): .tiles
    case CKernelsFastPairsProcessor where BFloat16Route.available.contains(.library): .fastPairs
    case CKernelsSlowPairsProcessor where BFloat16Route.available.contains(.library): .slowPairs
    case CKernelsOtherProcessor: .other
    case CKernelsVectors256Processor: .vectors256
    default: OneDNNEngine.hasAVX512 ? .vectors512 : .vectors256
    }
}
