import ArgumentParser
import Datasets

/// `restok data info`: what a data set holds.
struct DataInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Say what a data set or a file of codes holds.")

  @Argument(help: "The folder of a data set, or an .h5 file of codes.")
  var path: String

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func run() throws {
    try RankSession.requireSingleRank("data info")
    if path.hasSuffix(".h5") {
      try show(CodesFile(path: path))
    } else {
      try show(DatasetInformation(of: ImageDataset(folder: path)))
    }
  }

  private func show(_ information: DatasetInformation) throws {
    let manifest = information.manifest
    if json {
      try printJSON(
        DatasetFigures(
          samples: information.sampleCount, shards: manifest.shards.count,
          imageBytes: information.imageByteCount, fileBytes: information.fileByteCount,
          digest: manifest.digest,
          classes: information.classes.map { .init(name: $0.name, samples: $0.sampleCount) }))
      return
    }
    let counts = information.classes.map(\.sampleCount)
    print("samples      \(information.sampleCount)")
    print("images       \(imageText(manifest.image))")
    print(
      "classes      \(counts.count), of \(counts.min() ?? 0) to \(counts.max() ?? 0) samples each")
    print(
      "shards       \(manifest.shards.count), \(information.fileByteCount) bytes, of which "
        + "\(information.imageByteCount) are images")
    print("digest       \(manifest.digest)")
    print("made from    \(manifest.provenance)")
    if !manifest.attribution.isEmpty { print("credit       \(manifest.attribution)") }
  }

  private func imageText(_ image: ImageKind) -> String {
    switch image {
    case .rgb8(let height, let width): "raw RGB of \(height) x \(width)"
    case .encoded: "JPEG, PNG or WebP files"
    }
  }

  private func show(_ file: CodesFile) throws {
    let codes = file.description
    if json {
      try printJSON(
        CodesFigures(
          samples: codes.sampleCount, crops: codes.cropCount, tokens: codes.tokenCount,
          vocabulary: codes.vocabularySize, classes: codes.classCount,
          tokenizer: codes.tokenizerDigest, cropRecipe: codes.cropRecipeDigest,
          digest: file.digest, warnings: file.warnings))
      return
    }
    print("samples      \(codes.sampleCount), of \(codes.cropCount) crops each")
    print("tokens       \(codes.tokenCount), of \(codes.vocabularySize) codes")
    print("classes      \(codes.classCount)")
    print("tokenizer    \(codes.tokenizerDigest)")
    print("crops        \(codes.cropRecipeDigest)")
    print("digest       \(file.digest)")
    for warning in file.warnings { print("warning      \(warning)") }
  }
}

/// The figures of a data set.
private struct DatasetFigures: Encodable {
  struct Class: Encodable {
    let name: String
    let samples: Int
  }

  let samples: Int
  let shards: Int
  let imageBytes: Int
  let fileBytes: Int
  let digest: String
  let classes: [Class]
}

/// The figures of a file of codes.
private struct CodesFigures: Encodable {
  let samples: Int
  let crops: Int
  let tokens: Int
  let vocabulary: Int
  let classes: Int
  let tokenizer: String
  let cropRecipe: String
  let digest: String
  let warnings: [String]
}
