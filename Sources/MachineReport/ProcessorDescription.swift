import ArrayFiles

/// A processor: what its numerical libraries could use.
public struct ProcessorDescription: Sendable, Equatable, Codable {
  /// The architecture that the program is compiled for, `x86-64` or `arm64`.
  public var architecture: String
  /// The processor's name; empty where the system does not tell.
  public var modelName: String
  /// Vector extensions, as the system names them, from the oldest on.
  public var features: [String]

  /// Reads the text of `/proc/cpuinfo`, of which the first processor counts.
  public init(architecture: String, cpuinfo: String) {
    self.architecture = architecture
    features = InstructionSet.extensions(cpuinfo: cpuinfo)
    let line = cpuinfo.split(separator: "\n").first { $0.hasPrefix("model name") }
    modelName = String(line?.drop { $0 != ":" }.dropFirst().drop { $0 == " " } ?? "")
  }

  /// The processor of this machine.
  public static var current: ProcessorDescription {
    ProcessorDescription(
      architecture: InstructionSet.architecture, cpuinfo: systemText("/proc/cpuinfo"))
  }

  /// Whether the processor has all of some features.
  public func has(_ names: String...) -> Bool { has(names) }

  /// The same of a list.
  func has(_ names: [String]) -> Bool { names.allSatisfy(features.contains) }
}

/// The text of a file of the system; empty where there is none.
func systemText(_ path: String) -> String {
  String(decoding: (try? FileSystem.bytes(of: path)) ?? [], as: UTF8.self)
}
