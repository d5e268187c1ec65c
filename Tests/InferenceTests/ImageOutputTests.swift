import ArrayFiles
import ImageFiles
import Inference
import TestSupport
import Testing

@Suite struct ImageOutputTests {
  private let images = (1...3).map { RGBImage(height: 2, width: 2, filledWith: UInt8($0)) }

  @Test func theEndingDecides() throws {
    let kinds: [(String, ImageOutput.Kind)] = [
      ("o", .folder), ("o.d/p", .folder), ("o.v2", .folder), ("o.png/", .folder), ("o.png", .grid),
      ("o.NPY", .array), ("a/o.npz", .archive),
    ]
    for (path, kind) in kinds { #expect(try ImageOutput(path: path).kind == kind) }
    #expect(throws: ImageError.self) { try ImageOutput(path: "o.jpg") }
  }

  @Test func aFolderGetsFilesAdded() throws {
    try withTemporaryDirectory { folder in
      let output = try ImageOutput(path: folder + "/out/")
      try output.write(images, names: ["a", "b", "c"])
      try output.write(Array(images.prefix(1)))
      let names = try FileSystem.names(in: folder + "/out")
      #expect(names == ["00000.png", "a.png", "b.png", "c.png"])
      #expect(try RGBImage(contentsOfFile: folder + "/out/b.png") == images[1])
    }
  }

  @Test func filesAreReplaced() throws {
    try withTemporaryDirectory { folder in
      for name in ["grid.png", "set.npy", "set.npz"] {
        let output = try ImageOutput(path: folder + "/" + name)
        try output.write([images[0]])
        try output.write(images)
      }
      let array = try NumPyArray(contentsOf: folder + "/set.npy")
      #expect(array.shape == [3, 2, 2, 3] && array.elementType == .uint8)
      #expect(try NumPyArchive(contentsOf: folder + "/set.npz").array("arr_0") == array)
      #expect(try array.elements(as: UInt8.self) == images.flatMap(\.pixels))
      let grid = try RGBImage(contentsOfFile: folder + "/grid.png")
      #expect(grid == ImageGrid().picture(images, columnCount: 2))
      #expect(try FileSystem.names(in: folder) == ["grid.png", "set.npy", "set.npz"])
      #expect(try ImageInputs(paths: [folder + "/set.npz"], size: 2).image(at: 2) == images[2])
    }
  }

  @Test func aMissingFolderIsAnErrorOfTheDisk() throws {
    try withTemporaryDirectory { folder in
      for name in ["grid.png", "set.npy"] {
        let output = try ImageOutput(path: folder + "/missing/" + name)
        #expect(throws: FileError.self) { try output.write(images) }
      }
    }
  }
}
