import ArrayFiles
import Foundation
import ImageFiles
import TestSupport
import Testing

@Suite struct WritingTests {
  @Test func pngComesBackAndIsDeterministic() throws {
    for (height, width) in [(1, 1), (3, 5), (17, 8)] {
      let pixels = (0..<height * width * 3).map { UInt8($0 * 37 % 256) }
      let image = RGBImage(height: height, width: width, pixels: pixels)
      let bytes = try image.pngBytes()
      #expect(try RGBImage(decoding: bytes, name: "again") == image)
      #expect(try image.pngBytes() == bytes)
    }
  }

  @Test func filesAreWrittenReadAndListedByName() throws {
    try withTemporaryDirectory { folder in
      let image = RGBImage(height: 2, width: 3, pixels: (0..<18).map(UInt8.init))
      for name in ["b.png", "B.PNG", "a10.png", "a9.png", ".hidden.png"] {
        try image.writePNG(to: folder + "/" + name)
      }
      try FileManager.default.createDirectory(
        atPath: folder + "/folder.png", withIntermediateDirectories: false)
      let paths = try ImageFolder.listing(of: folder).images
      #expect(paths == ["B.PNG", "a10.png", "a9.png", "b.png"].map { folder + "/" + $0 })
      #expect(try ImageFolder.subfolders(of: folder).names == ["folder.png"])
      #expect(try RGBImage(contentsOfFile: paths[0]) == image)
      let mixed = [paths[3], folder]
      #expect(try ImageFolder.listing(expanding: mixed).images == [paths[3]] + paths)
    }
  }

  @Test func missingFilesAndFoldersAreNamed() {
    let missing = "/nowhere/at-all"
    for attempt in [
      { _ = try RGBImage(contentsOfFile: missing) },
      { _ = try ImageFolder.listing(of: missing) },
      { _ = try ImageFolder.listing(expanding: [missing]) },
    ] {
      let error = #expect(throws: ImageError.self, performing: attempt)
      #expect(error?.description.contains(missing) == true)
    }
    // The disk's refusal stays one of the disk.
    let error = #expect(throws: FileError.self) {
      try RGBImage(height: 1, width: 1, filledWith: 0).writePNG(to: missing + "/a.png")
    }
    #expect(error?.path == missing + "/a.png" && error?.code == ENOENT)
  }

  @Test func gridsPutCellsBetweenMargins() {
    let dark = RGBImage(height: 1, width: 2, filledWith: 10)
    let light = RGBImage(height: 1, width: 2, filledWith: 20)
    let picture = ImageGrid(margin: 1, background: 0).picture(
      originals: [dark, dark], besideReconstructions: [light, light], pairCount: 1)
    let expected: [UInt8] = [
      0, 0, 0, 0, 0, 0, 0,
      0, 10, 10, 0, 20, 20, 0,
      0, 0, 0, 0, 0, 0, 0,
      0, 10, 10, 0, 20, 20, 0,
      0, 0, 0, 0, 0, 0, 0,
    ]
    #expect(picture == RGBImage(height: 5, width: 7, grey: expected))
  }

  @Test func raggedRowsLeaveBackground() {
    let image = RGBImage(height: 1, width: 1, filledWith: 5)
    let picture = ImageGrid(margin: 0, background: 9).picture(rows: [[image, image], [image]])
    #expect(picture == RGBImage(height: 2, width: 2, grey: [5, 5, 5, 9]))
    let listed = ImageGrid(margin: 0, background: 9).picture([image, image, image], columnCount: 2)
    #expect(listed == picture)
  }
}
