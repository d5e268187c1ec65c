public import ArgumentParser
public import Datasets
import Inference

extension CropRecipe: ExpressibleByArgument {}

/// `restok encode`: images to codes.
struct Encode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn images into codes with a tokenizer.",
    discussion: """
      --images takes files, folders, .npy and .npz, and writes a .npy of int32, N x L.
      --data takes the shards of a data set, shares them out among the ranks, and writes the .h5 \
      that a generator trains on; --crops says what is encoded of an image. centre: the square in \
      its middle, scaled to the tokenizer's size S. ten: of that square at 1.1 x S the four \
      corners and the middle of size S, and the same of the mirror image; two: centre, and its mirror image. In \
      every step a generator trains on one of them, drawn for each sample. For ten, pack the data set with \
      --keep or larger than S, so that nothing is enlarged.
      """)

  @OptionGroup var model: ModelOptions

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Image files, folders, .npy or .npz.", valueName: "path"))
  var images: [String] = []

  @Option(help: ArgumentHelp("A directory of shards.", valueName: "folder"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "With --data: the crops of an image to encode, centre, two or ten (default: centre).",
      valueName: "centre|two|ten"))
  var crops: CropRecipe?

  @OptionGroup var orient: OrientOption

  @OptionGroup var rank: ThreadsOption

  @Option(help: ArgumentHelp("The .npy file, or with --data the .h5 file.", valueName: "file"))
  var output: String

  func validate() throws {
    guard images.isEmpty != (data == nil) else {
      throw ValidationError("give either --images or --data")
    }
    guard crops == nil || data != nil else {
      throw ValidationError("--crops belongs to --data: of --images the centre is encoded")
    }
    guard !orient.orient || data == nil else {
      throw ValidationError("--orient belongs to --images: shards are turned when they are packed")
    }
    let ending = data == nil ? ".npy" : ".h5"
    guard output.hasSuffix(ending) else {
      throw ValidationError(
        "--output \(output): codes of \(data == nil ? "--images" : "--data") go to a \(ending) file"
      )
    }
  }

  func run() throws {
    let source = try model.source()
    if let data {
      try RankSession.run { session in
        let summary = try CodeExtraction.encode(
          data: data, with: source, to: output, recipe: crops ?? .centre,
          threadCount: rank.threads, communicator: session.world, notice: warn)
        if session.isFirst { print(summary) }
      }
    } else {
      try RankSession.run { session in
        let summary = try session.output("images encoded") { context in
          try ImageCommands.encode(
            images, with: source, to: output, orientation: orient.orientation,
            threadCount: rank.threads, context: context)
        }
        if session.isFirst { print(summary) }
      }
    }
  }
}
