import ArgumentParser
import Datasets
import ImageFiles

/// `restok data index`: WebDataset tars as a data set, read where they are.
struct DataIndex: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index",
    abstract: "Make a data set of WebDataset tars that stay where they are.",
    discussion: """
      Writes where each image is, its class, key and digest; every command takes the folder as it takes packed \
      shards, and reads the images from the tars. All images are decoded once. The tars must not change, and are \
      found again from the folder: move them together, or index anew.
      """)

  @Argument(help: "A tar, a folder of tars, or a pattern like 'train-{0000..1023}.tar' in quotes.")
  var source: String

  @Argument(help: "The folder to write; it must not exist or be empty.")
  var folder: String

  @Flag(help: "Leave out images that cannot be decoded.")
  var skipDamaged = false

  @OptionGroup var credit: CreditOptions

  @Flag(help: "Print what was taken and what was left out, all of it, as one line of JSON.")
  var json = false

  func run() throws {
    try RankSession.requireSingleRank("data index")
    var progress = ProgressLine("images indexed")
    let report = try ArchiveIndexing(
      damaged: skipDamaged ? .skip : .stop, attribution: try credit.text()
    ).index(source, to: folder) { progress.show($0, of: $1) }
    progress.finish()
    guard !json else { return try printJSON(PackedFigures(report, folder: folder)) }
    for image in report.damaged { print("left out: \(image.name): \(image.reason)") }
    for line in OmittedFile.summary(of: report.omitted, nameCount: 10) { print(line) }
    let manifest = report.manifest
    print(
      "\(folder): \(manifest.sampleCount) images of \(manifest.classes.count) classes in "
        + "\(manifest.shards.count) tars, \(report.damaged.count + report.omitted.count) left out")
  }
}
