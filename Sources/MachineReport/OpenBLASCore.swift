/// Which of OpenBLAS's processor types a processor should be run as.
///
/// The library chooses when it is loaded, by the processor's family and model; of one that is newer
/// than itself it may take the kernels of an old relative.
package struct OpenBLASCore: Equatable {
  /// Types whose kernels use what the processor has, in lower case.
  let fitting: [String]
  /// The one to ask for, in the environment variable OPENBLAS_CORETYPE.
  package let recommended: String
  /// The extension that asks for them.
  let reason: String

  /// The choice for a processor; nil where every type will do.
  package static func choice(for processor: ProcessorDescription) -> OpenBLASCore? {
    switch processor.architecture {
    case "x86-64" where processor.has("avx512f", "avx512dq", "avx512bw", "avx512vl"):
      // Named by Intel's processors, but AMD's run the same kernels.
      OpenBLASCore(
        fitting: ["skylakex", "cooperlake", "sapphirerapids"], recommended: "SkylakeX",
        reason: "AVX-512")
    case "x86-64" where processor.has("avx2", "fma"):
      OpenBLASCore(
        fitting: ["haswell", "zen"],
        recommended: processor.modelName.contains("AMD") ? "Zen" : "Haswell", reason: "AVX2")
    case "arm64" where processor.has("sve"):
      OpenBLASCore(
        fitting: ["neoversev1", "neoversen2", "neoversev2", "armv8sve", "a64fx"],
        recommended: "NEOVERSEV1", reason: "SVE")
    case "arm64" where processor.has("asimddp"):
      OpenBLASCore(
        fitting: [
          "neoversen1", "neoversev1", "neoversen2", "cortexa73", "cortexa76", "tsv110",
          "thunderx2t99", "thunderx3t110", "emag8180", "vortex",
        ], recommended: "NEOVERSEN1", reason: "dot products")
    default: nil
    }
  }

  /// Whether a type is one of those that fit.
  package func fits(_ core: String) -> Bool { fitting.contains(core.lowercased()) }
}
