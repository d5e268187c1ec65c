import COneDNN
import COpenBLAS

/// What OpenBLAS and oneDNN say about themselves and the kernels that they have chosen.
public struct MathLibraries: Sendable, Equatable, Codable {
  /// OpenBLAS's version and build options.
  public var openBLASConfiguration: String
  /// The processor type that OpenBLAS has chosen its kernels for, such as `Zen` or `SkylakeX`.
  public var openBLASCore: String
  /// oneDNN's version.
  public var oneDNNVersion: String
  /// The instruction set that oneDNN generates code for, such as `avx2` or `avx512_core_bf16`;
  /// `unknown` where it does not say.
  public var oneDNNInstructionSet: String

  /// Makes a description of given texts.
  public init(
    openBLASConfiguration: String, openBLASCore: String, oneDNNVersion: String,
    oneDNNInstructionSet: String
  ) {
    self.openBLASConfiguration = openBLASConfiguration
    self.openBLASCore = openBLASCore
    self.oneDNNVersion = oneDNNVersion
    self.oneDNNInstructionSet = oneDNNInstructionSet
  }

  /// The libraries of this process.
  public static var current: MathLibraries {
    let versions = libraryVersions
    return MathLibraries(
      openBLASConfiguration: versions["openblas"] ?? "unknown",
      openBLASCore: versions["openblas_core"] ?? "unknown",
      oneDNNVersion: versions["onednn"] ?? "unknown",
      oneDNNInstructionSet: versions["onednn_instructions"] ?? "unknown")
  }

  /// Instruction sets that oneDNN may choose, each with more than the one before.
  public static let oneDNNInstructionSets = [
    "sse41", "avx", "avx2", "avx2_vnni", "avx512_core", "avx512_core_vnni", "avx512_core_bf16",
    "avx512_core_amx",
  ]
}

/// The instruction set that oneDNN generates code for; `unknown` where it does not say.
var oneDNNInstructionSet: String {
  switch dnnl_get_effective_cpu_isa() {
  case dnnl_cpu_isa_sse41: "sse41"
  case dnnl_cpu_isa_avx: "avx"
  case dnnl_cpu_isa_avx2: "avx2"
  case dnnl_cpu_isa_avx2_vnni: "avx2_vnni"
  case dnnl_cpu_isa_avx512_core: "avx512_core"
  case dnnl_cpu_isa_avx512_core_vnni: "avx512_core_vnni"
  case dnnl_cpu_isa_avx512_core_bf16: "avx512_core_bf16"
  case dnnl_cpu_isa_avx512_core_amx: "avx512_core_amx"
  default: "unknown"
  }
}
