/// An `import` line.
struct Import: Equatable {
  let module: String
  /// `public`, `package` …; empty for a plain, that is internal, import.
  let access: String
  let attributes: [String]
  let line: Int
}

/// Modules of the toolchain, open to every target.
let toolchainModules: Set<String> = ["Foundation", "Synchronization", "Dispatch", "Glibc"]

/// Targets behind which no other than their wrapper may reach.
let cTargets: Set<String> = [
  "COpenMPI", "COpenBLAS", "COneDNN", "CHDF5", "CArchive", "CFileSystem", "CImageCodecs",
  "CKernels",
]

/// What each target may import: the table of Docs/Architecture.md, bottom-up.
let layerTable: [(target: String, allowed: [String])] = {
  var table: [(target: String, allowed: [String])] = cTargets.sorted().map { ($0, []) }
  table += [
    ("MessagePassing", ["COpenMPI"]),
    ("ArrayFiles", ["CHDF5", "CArchive", "CFileSystem"]),
    ("ImageFiles", ["CImageCodecs", "CKernels"]),
    ("Kernels", ["CKernels", "COpenBLAS", "COneDNN"]),
    ("Tensors", ["Kernels"]),
    ("Autodiff", ["Tensors", "Kernels"]),
    ("Layers", ["Autodiff", "Tensors"]),
    ("Optimizers", ["Autodiff", "Tensors", "Kernels"]),
    ("ResidualTokenizer", ["Layers", "Autodiff", "Tensors"]),
    ("HierarchicalGenerator", ["Layers", "Autodiff", "Tensors"]),
    ("FeatureNetworks", ["Layers", "Autodiff", "Tensors"]),
    ("Datasets", ["ArrayFiles", "ImageFiles", "Tensors"]),
    ("Checkpoints", ["ArrayFiles", "Autodiff", "Optimizers", "Tensors"]),
    ("DataParallel", ["MessagePassing", "Autodiff", "Tensors", "Kernels"]),
    (
      "Configurations",
      ["ResidualTokenizer", "HierarchicalGenerator", "Optimizers", "Datasets", "Yams"]
    ),
  ]
  func allSwiftTargets() -> [String] { table.map(\.target).filter { !cTargets.contains($0) } }
  table.append(("Training", allSwiftTargets() + ["Logging"]))
  table.append(("Evaluation", ["FeatureNetworks", "ArrayFiles", "Tensors"]))
  table.append(("restok", allSwiftTargets() + ["ArgumentParser", "Logging"]))
  return table
}()

/// The `import` lines of Swift code whose comments and strings are blanked out.
func imports(in code: String) -> [Import] {
  var found: [Import] = []
  for (index, line) in code.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
    var words = line.split(separator: " ").map(String.init)[...]
    let attributes = words.prefix { $0.hasPrefix("@") }
    words = words.dropFirst(attributes.count)
    let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    let access = words.first.flatMap { accessLevels.contains($0) ? $0 : nil } ?? ""
    if !access.isEmpty { words = words.dropFirst() }
    guard words.popFirst() == "import", let path = words.last else { continue }
    let module = path.split(separator: ".").first.map(String.init) ?? path
    found.append(
      Import(module: module, access: access, attributes: Array(attributes), line: index + 1))
  }
  return found
}

/// What is wrong with the imports of a file under Sources.
func importViolations(of file: SourceFile, declared: [String]) -> [String] {
  guard let row = layerTable.first(where: { $0.target == file.target }) else {
    return ["\(file.path): target \(file.target) has no row in the table"]
  }
  return imports(in: file.code).flatMap { found -> [String] in
    let place = "\(file.path):\(found.line): import \(found.module)"
    var violations: [String] = []
    if !toolchainModules.contains(found.module) {
      if !row.allowed.contains(found.module) {
        violations.append("\(place): \(file.target) may import \(row.allowed)")
      } else if !declared.contains(found.module) {
        violations.append("\(place): Package.swift declares \(declared) for \(file.target)")
      }
    }
    if cTargets.contains(found.module) && ["public", "package"].contains(found.access) {
      violations.append("\(place): C types must not reach other targets (\(found.access))")
    }
    if !found.attributes.isEmpty {
      violations.append("\(place): \(found.attributes) gets around the rules of access")
    }
    return violations
  }
}

/// What is wrong with the dependencies that Package.swift declares for targets under Sources.
func manifestViolations(of targets: [ManifestTarget]) -> [String] {
  targets.filter { !$0.isForTests }.flatMap { target -> [String] in
    guard let row = layerTable.first(where: { $0.target == target.name }) else {
      return ["Package.swift: target \(target.name) has no row in the table"]
    }
    return target.dependencies.filter { !row.allowed.contains($0) }
      .map { "Package.swift: \(target.name) must not depend on \($0)" }
  }
}
