import ArrayFiles
import Datasets
import TestSupport

// What data sets are made of, beside folders of images.

extension FuzzTarget {
  /// A WebDataset tar: its samples, and an index of it.
  static let tar = FuzzTarget("tar") { _ in
    try ["shard-000000", "shard-000001", "odd-000000"].map {
      try Repository.bytes(of: "Tests/DatasetsTests/Goldens/webdataset/\($0).tar")
    }
  } parse: { bytes, folder in
    let path = folder + "/input.tar"
    try SoundFiles.overwrite(path, bytes)
    let tar = try WebDatasetTar(of: path)
    for case .image(let range, let label) in tar.samples.map(\.verdict) {
      let image = try tar.file.bytes(in: range)
      precondition(
        image.count == range.count && range.upperBound <= bytes.count && label >= 0,
        "an image at \(range) of \(bytes.count) bytes")
    }
    if let damage = tar.damage { throw damage }
  }

  /// A list of images beside two of them, packed.
  static let list = FuzzTarget(
    "list",
    prepare: { folder in
      for name in ["1.png", "2.png"] {
        try SoundFiles.overwrite(
          folder + "/" + name,
          try Repository.bytes(of: "Tests/GoldenTests/Goldens/images/png-one-pixel.png"))
      }
    }
  ) { _ in
    ["1.png 0\n2.png\t1\n", "1.png wolf\r\n2.png bear"].map {
      Array(("# Two images and their classes, a number or a name each.\n" + $0).utf8)
    }
  } parse: { bytes, folder in
    try SoundFiles.overwrite(folder + "/list.txt", bytes)
    defer { try? FileSystem.remove(folder + "/set") }
    try ImagePacking(storage: .asIs).pack(folder + "/list.txt", to: folder + "/set")
  }
}
