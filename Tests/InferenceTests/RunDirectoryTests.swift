import ArrayFiles
import Checkpoints
import Foundation
import ImageFiles
import Inference
import TestSupport
import Testing

@Suite struct RunDirectoryTests {
  @Test func aRunIsOccupiedOnce() throws {
    try withTemporaryDirectory { folder in
      let run = RunDirectory(path: folder + "/runs/first")
      let lock = try run.occupy()
      #expect(try FileSystem.names(in: run.path) == ["run.lock"])
      try run.makeFolders()
      #expect(try FileSystem.names(in: run.path) == ["checkpoints", "images", "run.lock"])
      #expect(throws: RunLockError.self) { try run.occupy() }
      lock.release()
      try run.occupy().release()
    }
  }

  @Test func aFileInTheWayIsAnErrorOfTheDisk() throws {
    try withTemporaryDirectory { folder in
      try AtomicFile.write([1], to: folder + "/taken")
      #expect(throws: FileError.self) { try RunDirectory(path: folder + "/taken").occupy() }
    }
  }

  @Test func anotherConfigurationIsKept() throws {
    try withTemporaryDirectory { folder in
      let run = RunDirectory(path: folder)
      #expect(try run.configuration() == nil)
      #expect(try run.writeConfiguration("steps: 1\n") == nil)
      #expect(try run.writeConfiguration("steps: 1\n") == nil)
      #expect(try run.writeConfiguration("steps: 2\n") == "config-1.yaml")
      #expect(try run.writeConfiguration("steps: 3\n") == "config-2.yaml")
      #expect(try run.configuration() == "steps: 3\n")
      let kept = try (1...2).map {
        try String(contentsOfFile: folder + "/config-\($0).yaml", encoding: .utf8)
      }
      #expect(kept == ["steps: 1\n", "steps: 2\n"])
    }
  }

  @Test func theNoticeNamesTheKeys() {
    let notice = RunDirectory.configurationNotice(
      keptName: "config-1.yaml", differences: ["steps: 2 instead of 1", "seed: 4 instead of 3"])
    #expect(notice.hasSuffix("config-1.yaml: steps: 2 instead of 1; seed: 4 instead of 3"))
  }

  @Test func picturesAreNamedByStep() throws {
    try withTemporaryDirectory { folder in
      let run = RunDirectory(path: folder)
      try run.makeFolders()
      let picture = RGBImage(height: 2, width: 3, filledWith: 7)
      try run.writePicture(picture, name: "samples", step: 5000)
      let path = folder + "/images/step-000005000-samples.png"
      #expect(try RGBImage(contentsOfFile: path) == picture)
      #expect(try run.hasPicture(ofStep: 5000) && !run.hasPicture(ofStep: 500))
      #expect(try run.pictures(after: 4999) == [path] && run.pictures(after: 5000) == [])
    }
  }
}
