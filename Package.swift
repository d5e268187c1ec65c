// swift-tools-version: 6.1
import PackageDescription

// The target list is the architecture: bottom-up, and a target imports only what stands above it in
// the table of Docs/Architecture.md, which Tests/LayeringTests holds against every `import` line.

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A Swift library target of this package.
func library(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .target(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

/// A test bundle of this package; every one may use `TestSupport`.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [],
  resources: [Resource] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude,
    resources: resources, swiftSettings: swiftSettings)
}

let package = Package(
  name: "restok",
  products: [
    .executable(name: "restok", targets: ["restok"]),
    // For those who build on the engine or the models. CKernels has unsafe flags, because its loops need
    // -O3 and square roots that set no errno to be vectors; so the package manager takes these products
    // from a path, a branch or a revision, and refuses them by version.
    .library(name: "Engine", targets: ["Kernels", "Tensors", "Autodiff", "Layers", "Optimizers"]),
    .library(name: "Models", targets: ["ResidualTokenizer", "HierarchicalGenerator"]),
    .library(name: "Distribution", targets: ["MessagePassing", "DataParallel"]),
    .library(name: "Files", targets: ["ArrayFiles", "ImageFiles", "Datasets", "Checkpoints"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // MARK: System libraries and C
    .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5-serial", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(
      name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CFileSystem"),
    .target(
      name: "CImageCodecs",
      linkerSettings: [
        .linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("webp"),
        .linkedLibrary("webpdemux"), .linkedLibrary("z"),
      ]),
    .target(
      name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])],
      linkerSettings: [.linkedLibrary("gomp"), .linkedLibrary("m")]),

    // MARK: Wrappers
    library("MessagePassing", ["COpenMPI"]),
    library("ArrayFiles", ["CHDF5", "CArchive", "CZlib", "CFileSystem"]),
    library("ImageFiles", ["ArrayFiles", "CImageCodecs", "CKernels"]),

    // MARK: Engine
    library("Kernels", ["CKernels", "COpenBLAS", "COneDNN"]),
    library("Tensors", ["Kernels"]),
    library("Autodiff", ["Tensors", "Kernels"]),
    library("Layers", ["Autodiff", "Tensors"]),
    library("Optimizers", ["Autodiff", "Tensors", "Kernels"]),

    // MARK: Models
    library("ResidualTokenizer", ["Layers", "Autodiff", "Tensors"]),
    library("HierarchicalGenerator", ["Layers", "Autodiff", "Tensors"]),

    // MARK: Training
    library(
      "Datasets", ["ArrayFiles", "ImageFiles", "Tensors"],
      resources: [.copy("Resources")]),
    library("Checkpoints", ["ArrayFiles", "Autodiff", "Optimizers", "Tensors"]),
    library(
      "FeatureNetworks", ["Checkpoints", "Layers", "Autodiff", "Tensors", "ArrayFiles"]),
    library(
      "Discriminators", ["FeatureNetworks", "Layers", "Autodiff", "Tensors", "ArrayFiles"]),
    library("DataParallel", ["MessagePassing", "Autodiff", "Tensors", "Kernels"]),
    library(
      "Configurations",
      [
        "ResidualTokenizer", "HierarchicalGenerator", "FeatureNetworks", "Discriminators",
        "Optimizers", "Datasets", "Checkpoints", "Tensors", "Kernels", "DataParallel", "ArrayFiles",
        .product(name: "Yams", package: "Yams"),
      ]),
    library("Reporting", []),
    library(
      "Inference",
      [
        "Reporting", "Configurations", "DataParallel", "Checkpoints", "Datasets",
        "HierarchicalGenerator", "ResidualTokenizer", "Optimizers", "Autodiff", "Tensors",
        "ImageFiles", "ArrayFiles", "MessagePassing", "Kernels",
      ]),
    library(
      "Evaluation",
      [
        "Inference", "Reporting", "DataParallel", "FeatureNetworks", "Datasets",
        "HierarchicalGenerator", "ResidualTokenizer", "Layers", "Autodiff", "Tensors", "ImageFiles",
        "ArrayFiles",
        "MessagePassing", "Kernels",
      ], resources: [.copy("Resources")]),
    library(
      "MachineReport", ["Reporting", "DataParallel", "MessagePassing", "Kernels", "ArrayFiles"]),
    library(
      "Training",
      [
        "Evaluation", "Inference", "MachineReport", "Reporting", "Configurations", "DataParallel",
        "Checkpoints", "Datasets", "HierarchicalGenerator", "ResidualTokenizer",
        "Discriminators", "FeatureNetworks", "Optimizers", "Layers", "Autodiff", "Tensors",
        "ImageFiles", "ArrayFiles", "MessagePassing", "Kernels",
        .product(name: "Logging", package: "swift-log"),
      ]),
    library(
      "Benchmarks",
      [
        "Training", "Inference", "Reporting", "Configurations", "DataParallel", "Checkpoints",
        "Datasets", "HierarchicalGenerator", "ResidualTokenizer", "Discriminators",
        "FeatureNetworks", "Optimizers", "Layers", "Autodiff", "Tensors", "ImageFiles",
        "ArrayFiles", "MessagePassing", "Kernels",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .executableTarget(
      name: "restok",
      dependencies: [
        "Benchmarks", "Training", "Evaluation", "Inference", "MachineReport", "Reporting",
        "Configurations", "DataParallel", "Checkpoints", "Datasets", "ResidualTokenizer",
        "HierarchicalGenerator",
        "ImageFiles", "ArrayFiles", "MessagePassing", "Kernels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftSettings),

    // MARK: Tests
    .target(
      name: "TestSupport", dependencies: ["Autodiff", "Tensors", "ArrayFiles"],
      path: "Tests/TestSupport", swiftSettings: swiftSettings),
    .target(
      name: "GoldenFields", dependencies: ["ResidualTokenizer", "HierarchicalGenerator"],
      path: "Tests/GoldenFields", swiftSettings: swiftSettings),
    .target(
      name: "PhaseFixtures",
      dependencies: [
        "Training", "Checkpoints", "Configurations", "DataParallel", "MessagePassing", "ImageFiles",
        "Datasets", "FeatureNetworks", "ArrayFiles", "Autodiff", "Tensors", "TestSupport",
      ], path: "Tests/PhaseFixtures", swiftSettings: swiftSettings),
    .executableTarget(
      name: "RankChecks",
      dependencies: [
        "DataParallel", "MessagePassing", "Autodiff", "Tensors", "Training", "PhaseFixtures",
        "Checkpoints", "Kernels", "Evaluation", "Inference", "ImageFiles", "ArrayFiles",
        "Configurations", "Datasets", "HierarchicalGenerator", "ResidualTokenizer",
      ],
      path: "Tests/RankChecks", swiftSettings: swiftSettings),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Configurations", "DataParallel", "Checkpoints", "Datasets", "ImageFiles", "ArrayFiles",
        "MessagePassing", "TestSupport",
      ], path: "Tests/Fuzzing/Targets", swiftSettings: swiftSettings),
    tests("FuzzingTests", ["FuzzTargets"]),
    tests(
      "EvaluationTests",
      [
        "Evaluation", "PhaseFixtures", "Reporting", "Configurations", "Datasets",
        "HierarchicalGenerator", "MessagePassing", "Inference", "FeatureNetworks", "ImageFiles",
        "ArrayFiles", "Tensors", "Kernels",
      ]),
    tests(
      "EvaluationGoldenTests",
      ["Evaluation", "Inference", "FeatureNetworks", "ImageFiles", "ArrayFiles", "Tensors"],
      exclude: ["make_check.py", "make_suite.py"], resources: [.copy("Goldens")]),
    tests("MessagePassingTests", ["MessagePassing"]),
    tests("ArrayFilesTests", ["ArrayFiles"], exclude: ["Fixtures"]),
    tests("ImageFilesTests", ["ImageFiles", "ArrayFiles"], resources: [.copy("Fixtures")]),
    tests("KernelsTests", ["Kernels"]),
    tests("TensorsTests", ["Tensors"]),
    tests("AutodiffTests", ["Autodiff", "Tensors"]),
    tests("LayersTests", ["Layers", "Autodiff", "Tensors", "Kernels"]),
    tests("OptimizersTests", ["Optimizers", "Autodiff", "Tensors"]),
    tests(
      "GoldenTests",
      [
        "ResidualTokenizer", "HierarchicalGenerator", "Optimizers", "Layers", "Autodiff",
        "Tensors", "ArrayFiles", "Checkpoints", "Training", "Configurations", "DataParallel",
        "MessagePassing", "ImageFiles", "Datasets", "GoldenFields",
      ], exclude: ["make_goldens.py"], resources: [.copy("Goldens")]),
    tests(
      "LossGoldenTests",
      [
        "Discriminators", "FeatureNetworks", "Optimizers", "Autodiff", "Tensors", "ArrayFiles",
        "Training", "Configurations", "DataParallel", "MessagePassing", "ImageFiles",
        "ResidualTokenizer", "GoldenFields",
      ], exclude: ["make_networks.py"], resources: [.copy("Goldens")]),
    tests(
      "FeatureNetworksTests",
      ["FeatureNetworks", "Checkpoints", "Autodiff", "Tensors", "ArrayFiles", "Kernels"]),
    tests(
      "DiscriminatorsTests",
      ["Discriminators", "FeatureNetworks", "Autodiff", "Tensors", "Kernels", "ArrayFiles"]),
    tests("HierarchicalGeneratorTests", ["HierarchicalGenerator", "Autodiff", "Tensors"]),
    tests(
      "DatasetsTests", ["Datasets", "ArrayFiles", "ImageFiles"],
      resources: [.copy("Fixtures"), .copy("Goldens")]),
    tests(
      "CheckpointsTests",
      ["Checkpoints", "Autodiff", "Optimizers", "Tensors", "Kernels", "ArrayFiles"]),
    tests(
      "DataParallelTests", ["DataParallel", "MessagePassing", "Autodiff", "Tensors", "Kernels"]),
    tests(
      "ConfigurationsTests", ["Configurations", "HierarchicalGenerator", "ResidualTokenizer"]),
    tests(
      "MachineReportTests", ["MachineReport", "DataParallel", "MessagePassing", "Kernels"]),
    tests(
      "InferenceTests",
      [
        "Inference", "Reporting", "Checkpoints", "Datasets", "ImageFiles", "ArrayFiles", "Tensors",
      ]),
    tests(
      "TrainingTests",
      [
        "Training", "Evaluation", "Inference", "MachineReport", "Reporting", "Configurations",
        "Checkpoints", "Datasets", "DataParallel", "HierarchicalGenerator", "ResidualTokenizer",
        "Optimizers", "FeatureNetworks", "Discriminators", "Autodiff", "Tensors", "Kernels",
        "MessagePassing", "ImageFiles", "ArrayFiles", "PhaseFixtures",
        .product(name: "Logging", package: "swift-log"),
      ], exclude: ["Fixtures"]),
    tests(
      "BenchmarksTests",
      [
        "Benchmarks", "Training", "Configurations", "Autodiff", "Tensors", "MessagePassing",
        "Kernels", "Discriminators", "FeatureNetworks", "ImageFiles",
      ]),
    tests("CommandLineTests", []),
    tests("LayeringTests", []),
    tests("DocumentTests", []),
  ]
)

// The fuzzer's program needs libFuzzer: only Tests/Fuzzing/run.sh builds it, with the compilers'
// sanitizers.
if Context.environment["RESTOK_FUZZING"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzzer", dependencies: ["FuzzTargets"], path: "Tests/Fuzzing/Driver",
      swiftSettings: swiftSettings))
}
