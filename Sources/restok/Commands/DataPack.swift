public import ArgumentParser
import ArrayFiles
public import Datasets
import ImageFiles

extension ImagePacking.Crop: ExpressibleByArgument {}

/// `restok data pack`: images to shards.
struct DataPack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack",
    abstract: "Pack images into shards, on one rank or many.",
    discussion: """
      The source is a folder with one folder a class, whose images are told by their ending or by their first \
      bytes, and whose classes are numbered in the order of the folders' names; a WebDataset tar, a folder of \
      them, or a pattern like 'train-{0000..1023}.tar' in quotes; a text of lines 'path label'; or the folder of \
      a data set. What is no image, hidden, or beside the classes' folders is left out, counted and named; a \
      folder without images, and an image that cannot be decoded, end the command.

      Under mpirun the ranks share out the shards; the result does not depend on their number. A packing that was \
      stopped or killed goes on with the same command.
      """)

  @Argument(help: "Where the images are.")
  var source: String

  @Argument(help: "The folder to write; it must not exist or be empty.")
  var folder: String

  @Option(
    help: ArgumentHelp("Store squares of raw pixels of side S.", valueName: "s"))
  var size: Int?

  @Option(
    help: ArgumentHelp(
      "With --size, what is cut out. centre: the short side to S (bicubic), then the centre, as in evaluation; "
        + "adm: the ADM centre crop.", valueName: "centre|adm"))
  var crop: ImagePacking.Crop?

  @Flag(help: "Store the images as they are.")
  var keep = false

  @OptionGroup var orient: OrientOption

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Hold out a share of the images, such as evaluation=0.02, as a data set of its own: the folder then has "
        + "train and the parts.", valueName: "name=share"))
  var split: [String] = []

  @Flag(help: "Leave out images that cannot be decoded, and list them in damaged.txt.")
  var skipDamaged = false

  @Flag(help: "Keep folders without images as classes without samples.")
  var keepEmpty = false

  @Option(help: ArgumentHelp("Megabytes of images in a shard.", valueName: "mb"))
  var shardSize = 256

  @OptionGroup var credit: CreditOptions

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
    guard crop == nil || size != nil else {
      throw ValidationError("--crop belongs to --size: with --keep nothing is cut out")
    }
    guard (1...1_048_576).contains(shardSize) else {
      throw ValidationError("--shard-size \(shardSize): expected 1 to 1048576 megabytes")
    }
    _ = try heldOut()
  }

  private func heldOut() throws -> [ImagePacking.HeldOutPart] {
    let parts = try split.map { text in
      let (name, share) = try NamedShare.parse(text)
      return ImagePacking.HeldOutPart(name: name, share: share)
    }
    let names = parts.map(\.name) + [ImagePacking.trainingName]
    guard Set(names).count == names.count, parts.reduce(0, { $0 + $1.share }) < 1 else {
      throw ValidationError(
        "--split: parts need names of their own, other than \(ImagePacking.trainingName), and shares "
          + "of less than 1 in all")
    }
    return parts
  }

  func run() throws {
    let packing = ImagePacking(
      storage: size.map { .square(size: $0, crop: crop ?? .centre) } ?? .asIs,
      orientation: orient.orientation,
      damaged: skipDamaged ? .skip : .stop, keepsEmptyClasses: keepEmpty,
      shardByteCount: shardSize << 20, heldOut: try heldOut(), attribution: try credit.text())
    try RankSession.run { session in
      let report = try pack(packing, session)
      guard let report else { return }
      if json {
        try printJSON(PackedFigures(report, folder: folder))
      } else {
        show(report)
      }
    }
  }

  /// Packs on all ranks; the report on the first.
  private func pack(_ packing: ImagePacking, _ session: RankSession) throws -> PackingReport? {
    let world = session.world
    var work: PackingSession?
    if session.isFirst { work = try PackingSession(packing, source, to: folder, isFirst: true) }
    try world.barrier()
    let own = try work ?? PackingSession(packing, source, to: folder, isFirst: false)
    do {
      let plans = try world.allGather(Array(own.planDigest.utf8))
      if let rank = plans.firstIndex(where: { $0 != plans[0] }) {
        throw DataError(
          file: source, problem: "rank \(rank) finds other images there than rank 0",
          advice: "Pack what all hosts see alike, or on one host.")
      }
      var progress = ProgressLine("images packed" + (world.worldSize > 1 ? " by rank 0" : ""))
      if session.isFirst, case let count = own.finishedShardCount, count > 0 {
        warn("going on: \(count) of \(own.shardCount) shards are finished already")
      }
      try own.packShards(rank: world.rank, of: world.worldSize) { done, count in
        if session.isFirst { progress.show(done, of: count) }
      }
      progress.finish()
      try world.barrier()
      return session.isFirst ? try own.finish() : nil
    } catch {
      if world.worldSize == 1 { own.endEarly() }
      throw error
    }
  }

  private func show(_ report: PackingReport) {
    for image in report.damaged.prefix(10) { print("left out: \(image.name): \(image.reason)") }
    if let list = report.damagedList {
      print("\(report.damaged.count) samples could not be taken: \(list) names them")
    }
    for line in OmittedFile.summary(of: report.omitted, nameCount: 10) { print(line) }
    for part in report.parts {
      print(
        "\(part.folder): \(part.manifest.sampleCount) images of \(part.manifest.classes.count) classes in "
          + "\(part.manifest.shards.count) shards")
    }
    let leftOutCount = report.damaged.count + report.omitted.count
    if leftOutCount > 0 { print("\(leftOutCount) left out") }
  }
}

/// A name and a share between 0 and 1, written `name=share`.
enum NamedShare {
  /// Reads it.
  ///
  /// - Throws: `ValidationError`.
  static func parse(_ text: String) throws -> (name: String, share: Double) {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, let share = Double(parts[1]), share > 0, share < 1,
      SystemPath.isName(parts[0]), !parts[0].hasPrefix("."),
      !["dataset.json", "damaged.txt"].contains(parts[0])
    else {
      throw ValidationError("--split \(text): expected a name and a share, such as evaluation=0.02")
    }
    return (parts[0], share)
  }
}

/// The figures of a packing.
struct PackedFigures: Encodable {
  struct Class: Encodable {
    let name: String
    let images: Int
  }

  struct Part: Encodable {
    let folder: String
    let images: Int
    let shards: Int
    let digest: String
    let classes: [Class]
  }

  struct LeftOut: Encodable {
    let path: String
    let reason: String
  }

  let folder: String
  let images: Int
  let shards: Int
  let parts: [Part]
  let leftOut: [LeftOut]

  init(_ report: PackingReport, folder: String) {
    self.folder = folder
    parts = report.parts.map { part in
      Part(
        folder: part.folder, images: part.manifest.sampleCount, shards: part.manifest.shards.count,
        digest: part.manifest.digest,
        classes: zip(part.manifest.classes, part.classCounts).map { .init(name: $0, images: $1) })
    }
    (images, shards) = (parts.reduce(0) { $0 + $1.images }, parts.reduce(0) { $0 + $1.shards })
    leftOut =
      report.damaged.map { .init(path: $0.name, reason: $0.reason) }
      + report.omitted.map { .init(path: $0.path, reason: $0.reason.rawValue) }
  }
}
