import ArgumentParser
import Datasets

/// `restok data synthesize`: images that are drawn.
struct DataSynthesize: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize",
    abstract: "Draw labelled colour images, for scaling experiments and tests.",
    discussion: """
      A class has a shape, a hue and a pattern behind it; place, size and shade differ from image to image. The \
      same arguments give the same bytes on every machine; another seed gives other images of the same classes, \
      such as a held-out set.
      """)

  @Argument(help: "The folder to write; it must not exist or be empty.")
  var folder: String

  @Option(help: ArgumentHelp("Number of classes.", valueName: "c"))
  var classes = 10

  @Option(help: ArgumentHelp("Height and width.", valueName: "s"))
  var size: Int

  @Option(help: ArgumentHelp("Number of images.", valueName: "n"))
  var count: Int

  @Option(help: ArgumentHelp("Seed of what differs from image to image.", valueName: "n"))
  var seed: UInt64 = 0

  func validate() throws {
    guard (1...65_536).contains(classes), (1...4096).contains(size), (1...1 << 32).contains(count)
    else {
      throw ValidationError(
        "expected --classes of 1 to 65536, --size of 1 to 4096 and --count of 1 to \(1 << 32)")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("data synthesize")
    var progress = ProgressLine("images drawn")
    let manifest = try SyntheticImages(classCount: classes, size: size, seed: seed)
      .write(count, to: folder) { progress.show($0, of: count) }
    progress.finish()
    print(
      "\(folder): \(manifest.sampleCount) images of \(classes) classes in \(manifest.shards.count) shards"
    )
  }
}
