/// The processor's architecture and vector extensions.
public enum InstructionSet {
  /// The extensions that numerical libraries choose their kernels by, from the oldest on.
  private static let relevantFlags = [
    "sse4_2", "avx", "fma", "avx2", "avx_vnni", "avx512f", "avx512dq", "avx512bw", "avx512vl",
    "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16",
    "asimd", "asimdhp", "asimddp", "sve", "sve2", "i8mm", "bf16",
  ]

  /// The architecture that the program is compiled for.
  static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "other"
    #endif
  }

  /// That of this machine, such as `x86-64 sse4_2 avx fma avx2`; the architecture alone where the
  /// system does not list the processor's flags.
  public static var current: String {
    description(architecture: architecture, cpuinfo: systemText("/proc/cpuinfo"))
  }

  /// The description from the text of `/proc/cpuinfo`, of which the first processor counts.
  package static func description(architecture: String, cpuinfo: String) -> String {
    ([architecture] + extensions(cpuinfo: cpuinfo)).joined(separator: " ")
  }

  /// The vector extensions in the text of `/proc/cpuinfo`, from the oldest on.
  static func extensions(cpuinfo: String) -> [String] {
    let line = cpuinfo.split(separator: "\n").first { line in
      line.hasPrefix("flags") || line.hasPrefix("Features")
    }
    let flags = Set((line ?? "").split { $0 == " " || $0 == "\t" || $0 == ":" }.map(String.init))
    return relevantFlags.filter(flags.contains)
  }
}
