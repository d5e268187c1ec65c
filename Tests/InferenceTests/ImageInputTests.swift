import ArrayFiles
import ImageFiles
import Inference
import Tensors
import TestSupport
import Testing

@Suite struct ImageInputTests {
  private func image(_ seed: Int, height: Int = 4, width: Int = 4) -> RGBImage {
    RGBImage(
      height: height, width: width,
      pixels: (0..<height * width * 3).map { UInt8(($0 * 37 + seed * 101) % 256) })
  }

  @Test func filesAndFoldersInOrder() throws {
    try withTemporaryDirectory { folder in
      try FileSystem.createDirectory(folder + "/b")
      let wide = image(3, height: 6, width: 9)
      try image(1).writePNG(to: folder + "/b/two.png")
      try image(2).writePNG(to: folder + "/b/one.png")
      try wide.writePNG(to: folder + "/one.png")
      try AtomicFile.write([1], to: folder + "/b/notes.txt")
      let inputs = try ImageInputs(paths: [folder + "/one.png", folder + "/b"], size: 4)
      #expect(inputs.names == ["one", "one", "two"])
      #expect(inputs.count == 3)
      #expect(try inputs.image(at: 0) == wide.evaluationCropped(size: 4))
      #expect(try inputs.image(at: 1) == image(2))
      let batch = try inputs.batch(1..<3)
      #expect(batch.shape == [2, 4, 4, 3])
      #expect(RGBImage.images(of: batch) == [image(2), image(1)])
    }
  }

  @Test func bytesOfArrays() throws {
    try withTemporaryDirectory { folder in
      let array = NumPyArray(image(1).pixels + image(2).pixels, shape: [2, 4, 4, 3])
      try array.write(to: folder + "/set.npy")
      try NumPyArchive.write([("images", array)], to: folder + "/one.npz")
      try NumPyArchive.write(
        [("labels", NumPyArray([Int32(1)])), ("arr_0", array)], to: folder + "/two.npz")
      let paths = ["/set.npy", "/one.npz", "/two.npz"].map { folder + $0 }
      let inputs = try ImageInputs(paths: paths, size: 4)
      #expect(inputs.names.prefix(3) == ["set-00000", "set-00001", "one-00000"])
      #expect(RGBImage.images(of: try inputs.batch(0..<6)).count == 6)
      for index in 0..<6 { #expect(try inputs.image(at: index) == image(index % 2 + 1)) }
    }
  }

  @Test func floatsOfArraysStayExact() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/set.npy"
      // Plane c of image n holds n / 4 + c / 16.
      let values = (0..<2).flatMap { n in
        (0..<3).flatMap { c in [Float](repeating: Float(n) / 4 + Float(c) / 16, count: 4) }
      }
      try NumPyArray(values, shape: [2, 3, 2, 2]).write(to: path)
      let inputs = try ImageInputs(paths: [path], size: 2)
      let batch = try inputs.batch(1..<2).array(of: Float.self)
      #expect(batch == (0..<4).flatMap { _ in [Float(0.25), 0.3125, 0.375] })
      #expect(try Array(inputs.image(at: 1).pixels.prefix(3)) == [64, 80, 96])
    }
  }

  @Test func wrongArraysSayWhatWasExpected() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/set.npy"
      try NumPyArray(image(1).pixels, shape: [1, 4, 4, 3]).write(to: path)
      let error = #expect(throws: ArrayFileError.self) { try ImageInputs(paths: [path], size: 8) }
      #expect(error?.problem.contains("found uint8 of shape [1, 4, 4, 3]") == true)
      #expect(error?.problem.contains("expected uint8 [N, 8, 8, 3]") == true)
      try NumPyArray([Float](repeating: 0, count: 48), shape: [1, 4, 4, 3]).write(to: path)
      #expect(throws: ArrayFileError.self) { try ImageInputs(paths: [path], size: 4) }
      try NumPyArray([UInt8](), shape: [0, 4, 4, 3]).write(to: path)
      #expect(throws: ArrayFileError.self) { try ImageInputs(paths: [path], size: 4) }
    }
  }

  @Test(arguments: [Float.nan, -0.01, 1.01])
  func wrongValuesAreNamed(value: Float) throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/set.npy"
      var values = [Float](repeating: 0.5, count: 24)
      values[20] = value
      try NumPyArray(values, shape: [2, 3, 2, 2]).write(to: path)
      let inputs = try ImageInputs(paths: [path], size: 2)
      #expect(try inputs.image(at: 0).pixels[0] == 128)
      let error = #expect(throws: ArrayFileError.self) { try inputs.batch(0..<2) }
      #expect(error?.problem.hasPrefix("image 1 has the value \(value)") == true)
    }
  }

  @Test func missingPathsAndEmptyFolders() throws {
    try withTemporaryDirectory { folder in
      for path in [folder, folder + "/none.png"] {
        let error = #expect(throws: ImageError.self) { try ImageInputs(paths: [path], size: 4) }
        #expect(error?.name == path)
      }
      #expect(throws: FileError.self) { try ImageInputs(paths: [folder + "/none.npy"], size: 4) }
    }
  }
}
