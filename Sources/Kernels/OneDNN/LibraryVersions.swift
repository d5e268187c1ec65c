import COneDNN
import COpenBLAS

/// Raised with every change after which some kernel of this program gives other bits than before.
private let kernelsRevision = 4

/// The versions that the bits of results depend on: of the libraries of products and convolutions, of this
/// program's own kernels, and of the choice among them.
public var libraryVersions: [String: String] {
  var versions = [
    "kernels": String(kernelsRevision),
    "convolutions": "\(ConvolutionCosts.revision) for \(ProcessorKind.current.rawValue)",
  ]
  if let text = openblas_get_config() { versions["openblas"] = String(cString: text) }
  if let text = openblas_get_corename() { versions["openblas_core"] = String(cString: text) }
  if let version = dnnl_version() {
    versions["onednn_instructions"] = oneDNNInstructionSet
    versions["onednn"] =
      "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
  }
  return versions
}
