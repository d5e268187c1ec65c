import COneDNN
import COpenBLAS

/// The libraries whose version the bits of products and convolutions depend on.
public var libraryVersions: [String: String] {
  var versions: [String: String] = [:]
  if let text = openblas_get_config() { versions["openblas"] = String(cString: text) }
  if let text = openblas_get_corename() { versions["openblas_core"] = String(cString: text) }
  if let version = dnnl_version() {
    versions["onednn"] =
      "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
  }
  return versions
}
