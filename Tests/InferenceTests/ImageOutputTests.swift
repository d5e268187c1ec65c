import ImageFiles
import Inference
import Testing

@Suite struct ImageOutputTests {
  @Test func theEndingDecides() throws {
    let kinds: [(String, ImageOutput.Kind)] = [
      ("o", .folder), ("o.d/p", .folder), ("o.v2", .folder), ("o.png/", .folder), ("o.png", .grid),
      ("o.NPY", .array), ("a/o.npz", .archive),
    ]
    for (path, kind) in kinds { #expect(try ImageOutput(path: path).kind == kind) }
    #expect(throws: ImageError.self) { try ImageOutput(path: "o.jpg") }
  }
}
