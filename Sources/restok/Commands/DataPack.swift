import ArgumentParser
import Datasets
import ImageFiles

/// `restok data pack`: a folder of images to shards.
struct DataPack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Pack a folder of images, one folder a class, into shards.",
    discussion: """
      Takes the JPEG, PNG and WebP files of each folder and of those below it, told by their ending or by \
      their first bytes. Classes are numbered in the order of their folders' names. What is no image, \
      hidden, or beside the classes' folders is left out, counted and named; a folder without images, \
      and an image that cannot be decoded, end the command before anything is written.
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

  @OptionGroup var orient: OrientOption

  @Flag(help: "Leave out files that cannot be decoded, and list them.")
  var skipDamaged = false

  @Flag(help: "Keep folders without images as classes without samples.")
  var keepEmpty = false

  @Option(help: ArgumentHelp("Megabytes of images in a shard.", valueName: "mb"))
  var shardSize = 256

  @Option(
    help: ArgumentHelp("Whom to credit for the images, and their licence.", valueName: "text"))
  var attribution = ""

  @Flag(help: "Print what was taken and what was left out, all of it, as one line of JSON.")
  var json = false

  func validate() throws {
    guard (size == nil) == keep else {
      throw ValidationError(
        "give either --size S, to store squares of pixels, or --keep, to store the files")
    }
    if let size, !(1...16_384).contains(size) {
      throw ValidationError("--size \(size): expected 1 to 16384")
    }
    guard !(orient.orient && keep) else {
      throw ValidationError("--orient belongs to --size: --keep stores the files as they are")
    }
    guard (1...1_048_576).contains(shardSize) else {
      throw ValidationError("--shard-size \(shardSize): expected 1 to 1048576 megabytes")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("data pack")
    let packing = FolderPacking(
      storage: size.map { .square(size: $0) } ?? .file, orientation: orient.orientation,
      damaged: skipDamaged ? .skip : .stop, keepsEmptyClasses: keepEmpty,
      shardByteCount: shardSize << 20, attribution: attribution)
    var progress = ProgressLine("images packed")
    let report = try packing.pack(source, to: folder) { progress.show($0, of: $1) }
    progress.finish()
    if json {
      try printJSON(PackedFigures(report, folder: folder))
    } else {
      show(report)
    }
  }

  private func show(_ report: FolderPacking.Report) {
    for error in report.skipped { print("left out: \(error)") }
    for line in OmittedFile.summary(of: report.omitted, nameCount: 10) { print(line) }
    let manifest = report.manifest
    print(
      "\(folder): \(manifest.sampleCount) images of \(manifest.classes.count) classes in "
        + "\(manifest.shards.count) shards, \(report.skipped.count + report.omitted.count) left out"
    )
  }
}

/// The figures of a packed folder.
private struct PackedFigures: Encodable {
  struct Class: Encodable {
    let name: String
    let images: Int
  }

  struct LeftOut: Encodable {
    let path: String
    let reason: String
  }

  let folder: String
  let images: Int
  let shards: Int
  let digest: String
  let classes: [Class]
  let leftOut: [LeftOut]

  init(_ report: FolderPacking.Report, folder: String) {
    self.folder = folder
    images = report.manifest.sampleCount
    shards = report.manifest.shards.count
    digest = report.manifest.digest
    classes = zip(report.manifest.classes, report.classCounts).map { .init(name: $0, images: $1) }
    leftOut =
      report.skipped.map { .init(path: $0.name, reason: $0.reason) }
      + report.omitted.map { .init(path: $0.path, reason: $0.reason.rawValue) }
  }
}
