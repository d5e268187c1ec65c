import ArrayFiles
import Datasets
import Foundation
import ImageFiles
import TestSupport
import Testing

/// Packings that several processes share, and that are stopped and taken up again.
@Suite struct PackingStageTests {
  private static let packing = ImagePacking(storage: .square(size: 8), shardByteCount: 2 * 192)

  /// All files of a folder with their digests.
  private func content(_ folder: String) throws -> [String: String] {
    try FileSystem.names(in: folder).reduce(into: [:]) { all, name in
      let path = folder + "/" + name
      if FileSystem.isDirectory(path) {
        for (inner, digest) in try content(path) { all[name + "/" + inner] = digest }
      } else {
        all[name] = try ContentDigest.ofFile(at: path).hexadecimal
      }
    }
  }

  @Test(arguments: [1, 2, 3, 5])
  func anyNumberOfProcessesGivesTheSameBytes(processCount: Int) throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      try Self.packing.pack(folder + "/images", to: folder + "/alone")
      let sessions = try (0..<processCount).map { rank in
        try PackingSession(
          Self.packing, folder + "/images", to: folder + "/shared", isFirst: rank == 0)
      }
      #expect(Set(sessions.map(\.planDigest)).count == 1)
      for rank in (0..<processCount).reversed() {
        try sessions[rank].packShards(rank: rank, of: processCount)
      }
      _ = try sessions[0].finish()
      #expect(try content(folder + "/shared") == content(folder + "/alone"))
      #expect(try FileSystem.names(in: folder) == ["alone", "images", "shared"])
    }
  }

  @Test func whatIsFinishedIsKept() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      try Self.packing.pack(folder + "/images", to: folder + "/alone")
      let stage = folder + "/.set.packing"
      do {
        let first = try PackingSession(
          Self.packing, folder + "/images", to: folder + "/set", isFirst: true)
        #expect(throws: DataError.self) {
          _ = try PackingSession(
            Self.packing, folder + "/images", to: folder + "/set", isFirst: true)
        }
        try first.packShards(rank: 0, of: 2)
        #expect(first.finishedShardCount == 2 && first.shardCount == 4)
        let error = #expect(throws: DataError.self) { _ = try first.finish() }
        #expect("\(try #require(error))".contains("is gone"))
      }
      // A shard that is damaged meanwhile is made again, a finished one is not touched.
      try modify(stage + "/data/shard-00000.h5") { $0[100] ^= 1 }
      try AtomicFile.write([1], to: stage + "/data/shard-00009.h5")
      let second = try PackingSession(
        Self.packing, folder + "/images", to: folder + "/set", isFirst: true)
      #expect(second.finishedShardCount == 2)
      #expect(!FileSystem.exists(stage + "/data/shard-00009.h5"))
      try second.packShards(rank: 0, of: 1)
      _ = try second.finish()
      #expect(try content(folder + "/set") == content(folder + "/alone"))
      #expect(!FileSystem.exists(stage))
    }
  }

  /// Of other images, or in another way, nothing is kept that would come out otherwise.
  @Test func anotherPackingBeginsAnew() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      let other = ImagePacking(storage: .square(size: 8, crop: .adm), shardByteCount: 2 * 192)
      do {
        let first = try PackingSession(
          other, folder + "/images", to: folder + "/set", isFirst: true)
        try first.packShards(rank: 0, of: 1)
      }
      try Self.packing.pack(folder + "/images", to: folder + "/set")
      try Self.packing.pack(folder + "/images", to: folder + "/alone")
      #expect(try content(folder + "/set") == content(folder + "/alone"))
    }
  }

  /// Another picture of the same name and size, and an image that was mended without a trace.
  @Test func whatIsKeptIsOfTheSameImages() throws {
    try withTemporaryDirectory { folder in
      let images = try makeImageFolder(folder + "/images")
      func begin(_ packing: ImagePacking) throws {
        let session = try PackingSession(
          packing, folder + "/images", to: folder + "/set", isFirst: true)
        try session.packShards(rank: 0, of: 1)
      }
      try begin(Self.packing)
      let path = folder + "/images/ant/2.png"
      let sound = try FileSystem.bytes(of: path)
      let other = try #require(images["ant/2.png"]).image.mirrored()
      try other.writePNG(to: path)
      let changed = try FileSystem.bytes(of: path)
      try Self.packing.pack(folder + "/images", to: folder + "/set")
      try Self.packing.pack(folder + "/images", to: folder + "/alone")
      #expect(try content(folder + "/set") == content(folder + "/alone"))
      // Damaged, left out, and mended under the old time.
      try FileSystem.remove(folder + "/set")
      try FileSystem.remove(folder + "/alone")
      let date = Date(timeIntervalSince1970: 1_700_000_000)
      func write(_ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
      }
      var skipping = Self.packing
      skipping.damaged = .skip
      try write([UInt8](repeating: 0, count: sound.count))
      try begin(skipping)
      try write(changed.count == sound.count ? changed : sound)
      let report = try skipping.pack(folder + "/images", to: folder + "/set")
      #expect(report.damaged.isEmpty && report.manifest.sampleCount == 7)
    }
  }

  /// What cannot be read now may be sound: it is not left out for good.
  @Test func whatCannotBeReadEndsThePacking() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      var skipping = Self.packing
      skipping.damaged = .skip
      let session = try PackingSession(
        skipping, folder + "/images", to: folder + "/set", isFirst: true)
      try FileSystem.remove(folder + "/images/bee/1.png")
      let error = #expect(throws: ImageError.self) { try session.packShards(rank: 0, of: 1) }
      #expect(error?.name == folder + "/images/bee/1.png")
    }
  }

  @Test func aPlaceThatCannotBeTakenIsRefusedAtOnce() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      try FileSystem.createDirectory(folder + "/empty")
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link", withDestinationPath: folder + "/empty")
      for (place, problem) in [
        ("/link", "it is a link"), ("/empty/.", "no name of a new folder"),
        ("/images/new/set", "a folder of the images"),
      ] {
        let error = #expect(throws: DataError.self) {
          try Self.packing.pack(folder + "/images", to: folder + place)
        }
        #expect("\(try #require(error))".contains(problem), "\(String(describing: error))")
      }
      #expect(try FileSystem.names(in: folder) == ["empty", "images", "link"])
      #expect(!FileSystem.exists(folder + "/images/new"))
    }
  }

  /// What a killed process of another machine was writing does not come into the set.
  @Test func temporaryFilesOfOtherMachinesAreRemoved() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      let stage = folder + "/.set.packing/data"
      try FileSystem.createDirectory(stage)
      try AtomicFile.write([1], to: stage + "/.shard-00001.h5.tmp-01234567-0123456789abcdef")
      try Self.packing.pack(folder + "/images", to: folder + "/set")
      #expect(try FileSystem.names(in: folder + "/set").allSatisfy { !$0.hasPrefix(".") })
    }
  }

  @Test func heldOutPartsAreDataSetsOfTheirOwn() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      var packing = Self.packing
      packing.heldOut = [.init(name: "evaluation", share: 0.3)]
      let report = try packing.pack(folder + "/images", to: folder + "/sets")
      #expect(report.parts.map(\.folder) == [folder + "/sets/train", folder + "/sets/evaluation"])
      #expect(report.parts.map(\.manifest.sampleCount) == [5, 2])
      let keys = try ["train", "evaluation"].flatMap { name in
        let set = try ImageDataset(folder: folder + "/sets/" + name)
        return try (0..<set.sampleCount).map { try set.sample(at: $0).key }
      }
      #expect(Set(keys).count == 7)
      packing.heldOut = [.init(name: "evaluation", share: 0.01)]
      #expect(throws: DataError.self) {
        try packing.pack(folder + "/images", to: folder + "/other")
      }
    }
  }

  @Test func drawnImagesAreTheSameEverywhere() throws {
    try withTemporaryDirectory { folder in
      let images = SyntheticImages(classCount: 7, size: 24)
      let manifest = try images.write(300, to: folder + "/set")
      #expect(manifest.classes.count == 7 && manifest.sampleCount == 300)
      #expect(try DatasetVerification(folder: folder + "/set").isIntact)
      let set = try ImageDataset(folder: folder + "/set")
      #expect(try set.sample(at: 9).label == 2)
      let digest = SHA256.hexadecimal(try set.sample(at: 9).bytes)
      #expect(digest == "fba0fb6fa85c40bba0bdf3b5f65a19f2f28033ea3f63266c8bf3bd0a4e8bacab")
      try SyntheticImages(classCount: 7, size: 24, seed: 1).write(10, to: folder + "/other")
      let other = try ImageDataset(folder: folder + "/other").sample(at: 9)
      #expect(try other.label == 2 && other.bytes != set.sample(at: 9).bytes)
    }
  }
}
