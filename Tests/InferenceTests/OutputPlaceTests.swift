import ArrayFiles
import Datasets
import Inference
import TestSupport
import Testing

/// Outputs that are inputs, or each other, however their paths are spelled.
@Suite struct OutputPlaceTests {
  @Test func placesAreTheSameWhateverTheirSpelling() throws {
    try withTemporaryDirectory { folder in
      try FileSystem.createDirectory(folder + "/a/b")
      #expect(FileSystem.isSamePlace(folder + "/a/x", as: folder + "/a/b/../x"))
      #expect(FileSystem.isSamePlace(folder + "/a//x", as: folder + "/./a/x"))
      #expect(!FileSystem.isSamePlace(folder + "/a/x", as: folder + "/a/b/x"))
      #expect(!FileSystem.isSamePlace(folder + "/none/x", as: folder + "/none/x"))
      #expect(FileSystem.isInside(folder + "/a/b/new", folder))
      #expect(FileSystem.isInside(folder + "/a", folder + "/a/b/.."))
      #expect(!FileSystem.isInside(folder + "/new", folder + "/a"))
    }
  }

  @Test func aNameThatNoDiskTakesIsRefusedAtOnce() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/" + String(repeating: "x", count: 256)
      #expect(throws: FileError.self) { try FileSystem.checkWritable(path) }
      try FileSystem.checkWritable(folder + "/" + String(repeating: "x", count: 255))
    }
  }

  @Test func noRenameTakesThePlaceOfOtherFileSystems() throws {
    #expect(FileSystem.problemOfRename(to: "/dev") == "it is the root of a file system")
    #expect(FileSystem.problemOfRename(to: "/") == "it is no name of a new folder")
    try withTemporaryDirectory { folder in
      #expect(FileSystem.problemOfRename(to: folder) == nil)
      #expect(FileSystem.problemOfRename(to: folder + "/new") == nil)
    }
  }

  @Test func aDataSetIsNotPackedIntoItsSource() throws {
    try withTemporaryDirectory { folder in
      try FileSystem.createDirectory(folder + "/images/ant")
      let error = #expect(throws: DataError.self) {
        try ImagePacking(storage: .asIs).pack(folder + "/images", to: folder + "/images/out")
      }
      #expect(error?.problem.contains("folder of the images that are packed") == true)
      #expect(try FileSystem.names(in: folder + "/images") == ["ant"])
    }
  }
}
