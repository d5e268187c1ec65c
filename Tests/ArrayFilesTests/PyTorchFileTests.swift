import ArrayFiles
import Foundation
import TestSupport
import Testing

@Suite("PyTorch: files of torch.save")
struct PyTorchFileTests {
  @Test func tensorsAreThoseOfPyTorch() throws {
    let cases = try PyTorchFixtures.cases()
    #expect(cases.count == 16)
    for expected in cases {
      let tensors = try PyTorchFile(decoding: expected.bytes, name: expected.name).tensors()
      #expect(tensors.map(\.name) == expected.tensors.map(\.name), "\(expected.name)")
      for (tensor, other) in zip(tensors, expected.tensors) {
        let place = "\(expected.name): \(other.name)"
        #expect("\(tensor.elementType)" == other.elementType, "\(place)")
        #expect(tensor.shape == other.shape, "\(place)")
        if other.elementType.contains("float") {
          #expect(try tensor.floats() == other.elements.compactMap(Float.init), "\(place)")
        } else {
          #expect(try tensor.int64s() == other.elements.compactMap { Int64($0) }, "\(place)")
        }
        #expect(tensor.elementCount == other.elements.count, "\(place)")
      }
    }
  }

  @Test(arguments: ["zip", "legacy", "zip 4", "legacy 4"])
  func valuesBesideTensorsAreATree(format: String) throws {
    let file = try PyTorchFile(decoding: PyTorchFixtures.file("tree, \(format)"), name: "tree.pth")
    func isEqual(_ value: PyTorchValue?, _ text: String) -> Bool {
      value.map { "\($0)" } == text
    }
    #expect(
      file.content.keys
        == [
          "model", "step", "rate", "large", "none", "flags", "empty", "name", "7", "optimizer",
        ])
    #expect(isEqual(file.content["step"], "integer(3)"))
    #expect(isEqual(file.content["rate"], "real(0.1)"))
    #expect(isEqual(file.content["large"], "integer(\(-(1 << 40)))"))
    #expect(isEqual(file.content["none"], "none"))
    #expect(isEqual(file.content["name"], "text(\"größe\")"))
    #expect(isEqual(file.content["7"], "text(\"seven\")"))
    guard case .list(let flags) = try file.value(at: ["flags"]), case .list(let last) = flags[3],
      case .list(let empty) = try file.value(at: ["empty"])
    else {
      Issue.record("lists are no lists")
      return
    }
    #expect(flags.prefix(3).map { "\($0)" } == ["boolean(true)", "boolean(false)", "none"])
    #expect(
      last.map { "\($0)" }
        == ["text(\"a\")", "integer(-5)", "integer(70000)", "real(9.094947017729282e-13)"])
    #expect(empty.map { "\($0)" } == ["dictionary([])", "list([])", "list([])"])
    #expect(try file.tensors(at: ["optimizer", "state", "0"]).map(\.name) == ["step"])
    #expect(try file.tensors(at: ["model"]).first?.name == "0.weight")
    #expect(try file.tensors(at: ["flags"]).isEmpty)
  }

  @Test func aKeyThatIsNotThereIsAnErrorThatNamesTheOthers() throws {
    let file = try PyTorchFile(decoding: PyTorchFixtures.file("tree, zip"), name: "tree.pth")
    let error = try #require(throws: ArrayFileError.self) {
      try file.tensors(at: ["optimizer", "weights"])
    }
    #expect(error.description.contains("no key 'weights' in a dictionary"), "\(error)")
    #expect(error.advice.contains("'state', 'groups'"), "\(error)")
    #expect(throws: ArrayFileError.self) { try file.value(at: ["step", "x"]) }
  }

  @Test func everythingElseIsRefusedByItsName() throws {
    let refusals = try PyTorchFixtures.refusals()
    #expect(refusals.count == 28)
    for refusal in refusals {
      let error = try #require(throws: ArrayFileError.self, "\(refusal.name)") {
        try PyTorchFile(decoding: [UInt8](refusal.file), name: "bad.pth")
      }
      #expect(error.problem.contains(refusal.name), "\(error)")
      #expect(error.file == "bad.pth")
    }
  }

  @Test func aTensorGivesItsOwnTypeOnly() throws {
    let file = try PyTorchFile(decoding: PyTorchFixtures.file("types, zip"), name: "types.pth")
    let tensors = Dictionary(uniqueKeysWithValues: try file.tensors().map { ($0.name, $0) })
    let long = try #require(tensors["int64"])
    #expect(throws: ArrayFileError.self) { try long.floats() }
    #expect(throws: ArrayFileError.self) { try long.elements(as: Int32.self) }
    #expect(try long.elements(as: Int64.self) == [.min, -1, 0, .max])
    let half = try #require(tensors["float16"])
    #expect(throws: ArrayFileError.self) { try half.int64s() }
  }

  @Test func filesAreMappedByPath() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/größe.bin"
      try overwrite(path, PyTorchFixtures.file("a tensor, legacy"))
      let tensor = try #require(try PyTorchFile(contentsOf: path).tensors().first)
      #expect(tensor.name.isEmpty && tensor.origin == path)
      #expect(try tensor.floats() == [1.5])
      #expect(throws: FileError.self) { try PyTorchFile(contentsOf: directory) }
      #expect(throws: FileError.self) { try PyTorchFile(contentsOf: directory + "/absent.pth") }
      try overwrite(path, [])
      #expect(throws: ArrayFileError.self) { try PyTorchFile(contentsOf: path) }
    }
  }

  @Test(arguments: [
    "version https://git-lfs.github.com/spec/v1\n", "<!DOCTYPE html>", "\u{89}HDF\r\n", "{}", "",
    "\u{80}\u{2}.", "PK\u{5}\u{6}",
  ])
  func otherFormatsAreNamedByTheirBeginning(text: String) throws {
    let error = try #require(throws: ArrayFileError.self) {
      try PyTorchFile(decoding: Array(text.utf8), name: "other.pth")
    }
    #expect(error.problem.contains("it begins with"), "\(error)")
    #expect(!error.description.contains("\n"))
  }
}
