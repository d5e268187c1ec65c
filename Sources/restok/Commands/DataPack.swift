import ArgumentParser
import Datasets

/// `restok data pack`: a folder of images to shards.
struct DataPack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Pack a folder of images, one folder a class, into shards.",
    discussion: """
      Takes JPEG and PNG files. Classes are numbered in the order of their folders' names.
      """)

  @Argument(help: "The folder with one folder a class.")
  var source: String

  @Argument(help: "The folder to write; it must not exist or be empty.")
  var folder: String

  @Option(
    help: ArgumentHelp(
      "Store squares of raw pixels: the short side to S (bicubic), centre crop.", valueName: "s"))
  var size: Int?

  @Flag(help: "Store the files as they are.")
  var keep = false

  @Flag(help: "Leave out files that cannot be decoded, and list them.")
  var skipDamaged = false

  @Option(help: ArgumentHelp("Megabytes of images in a shard.", valueName: "mb"))
  var shardSize = 256

  @Option(
    help: ArgumentHelp("Whom to credit for the images, and their licence.", valueName: "text"))
  var attribution = ""

  func validate() throws {
    guard (size == nil) == keep else {
      throw ValidationError(
        "give either --size S, to store squares of pixels, or --keep, to store the files")
    }
    if let size, !(1...16_384).contains(size) {
      throw ValidationError("--size \(size): expected 1 to 16384")
    }
    guard (1...1_048_576).contains(shardSize) else {
      throw ValidationError("--shard-size \(shardSize): expected 1 to 1048576 megabytes")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("data pack")
    let packing = FolderPacking(
      storage: size.map { .square(size: $0) } ?? .file, damaged: skipDamaged ? .skip : .stop,
      shardByteCount: shardSize << 20, attribution: attribution)
    var progress = ProgressLine("images packed")
    let report = try packing.pack(source, to: folder) { progress.show($0, of: $1) }
    progress.finish()
    for error in report.skipped { print("left out: \(error)") }
    print(
      "\(folder): \(report.manifest.sampleCount) images of \(report.manifest.classes.count) "
        + "classes in \(report.manifest.shards.count) shards, \(report.skipped.count) left out")
  }
}
