import ArgumentParser
import ImageFiles

/// Which way up pictures of files are taken.
struct OrientOption: ParsableArguments {
  @Flag(help: "Turn pictures as their EXIF blocks say; without it they are taken as stored.")
  var orient = false

  /// What the flag stands for.
  var orientation: ImageOrientation { orient ? .upright : .stored }
}
