import ArrayFiles
import Foundation
import TestSupport
import Testing

@Suite("HDF5: what is written is read")
struct HDF5RoundTripTests {
  private func check<Element: ArrayElement & Equatable>(
    _ elements: [Element], shape: [Int], layout: HDF5Layout, deflateLevel: Int? = nil
  ) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file.h5"
      let writer = try HDF5File(creating: path)
      try writer.write(
        "values", elements, shape: shape, layout: layout, deflateLevel: deflateLevel)
      try writer.close()
      let dataset = try HDF5File(reading: path).dataset("values")
      #expect(dataset.shape == shape)
      #expect(dataset.elementType == Element.arrayElementType)
      #expect(try dataset.read(as: Element.self) == elements)
    }
  }

  @Test(arguments: [HDF5Layout.contiguous, .chunked, .chunks([2, 2])])
  func everyElementType(layout: HDF5Layout) throws {
    let shape = [3, 4]
    try check([Float](stride(from: -5.5, to: 6.5, by: 1)), shape: shape, layout: layout)
    try check([Double](stride(from: -5.5, to: 6.5, by: 1)), shape: shape, layout: layout)
    try check([Int8](-6..<6), shape: shape, layout: layout)
    try check([Int16](-6..<6), shape: shape, layout: layout)
    try check([Int32.min] + [Int32](-6..<5), shape: shape, layout: layout)
    try check([Int64.min] + [Int64](-6..<5), shape: shape, layout: layout)
    try check([UInt8](244...255), shape: shape, layout: layout)
    try check([UInt16](65524...65535), shape: shape, layout: layout)
    try check([UInt32.max] + [UInt32](0..<11), shape: shape, layout: layout)
    try check([UInt64.max] + [UInt64](0..<11), shape: shape, layout: layout)
  }

  @Test(arguments: [[Int](), [0], [3, 0], [1], [2, 3, 4, 5]])
  func shapes(shape: [Int]) throws {
    let elements = (0..<shape.reduce(1, *)).map { Float($0) + 0.25 }
    try check(elements, shape: shape, layout: .chunked)
    try check(elements, shape: shape, layout: .contiguous)
  }

  @Test func compressed() throws {
    try check([Int32](repeating: 7, count: 4096), shape: [4096], layout: .chunked, deflateLevel: 6)
  }

  @Test func specialNumbersKeepTheirBits() throws {
    try withTemporaryDirectory { directory in
      let numbers: [Float] = [.nan, -0, .infinity, .leastNonzeroMagnitude]
      let file = try HDF5File(creating: directory + "/file.h5")
      let read = try file.write("values", numbers).read(as: Float.self)
      #expect(read.map(\.bitPattern) == numbers.map(\.bitPattern))
    }
  }

  @Test func arraysOfSeveralChunks() throws {
    let elements = (0..<700_001).map { Int64($0) }
    try check(elements, shape: [700_001], layout: .chunked)
    try withTemporaryDirectory { directory in
      let file = try HDF5File(creating: directory + "/file.h5")
      let dataset = try file.createDataset("wide", type: .float32, shape: [3, 600, 1000])
      // 2.4 MB a row: the first axis is cut into single rows, the second into halves at most 1 MiB.
      #expect(dataset.chunkShape == [1, 200, 1000])
      #expect(dataset.hasChecksum)
      #expect(try file.write("flat", [Float](repeating: 0, count: 3)).chunkShape == [3])
      #expect(try file.write("run", [Float](), layout: .contiguous).hasChecksum == false)
    }
  }

  @Test func ranges() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file.h5"
      let file = try HDF5File(creating: path)
      let dataset = try file.createDataset(
        "rows", type: .int32, shape: [5, 2], layout: .chunks([2, 2]))
      try dataset.write([Int32](6..<10), range: 3..<5)
      try dataset.write([Int32](0..<4), range: 0..<2)
      try file.close()

      let rows = try HDF5File(reading: path).dataset("rows", chunkCacheSize: 1 << 16)
      #expect(try rows.read(as: Int32.self) == [0, 1, 2, 3, 0, 0, 6, 7, 8, 9])
      #expect(try rows.read(as: Int32.self, range: 1..<4) == [2, 3, 0, 0, 6, 7])
      #expect(try rows.read(as: Int32.self, range: 2..<2) == [])
      #expect(throws: HDF5Error.self) { try rows.read(as: Int32.self, range: 3..<6) }
      #expect(throws: HDF5Error.self) { try rows.read(as: Int32.self, range: -1..<1) }
    }
  }

  @Test func memoryOfTheCaller() throws {
    try withTemporaryDirectory { directory in
      let file = try HDF5File(creating: directory + "/file.h5")
      let dataset = try file.createDataset("x", type: .uint16, shape: [4])
      let source: [UInt16] = [1, 2, 3, 4]
      try source.withUnsafeBytes { try dataset.write($0, as: .uint16) }
      var target = [UInt16](repeating: 0, count: 2)
      try target.withUnsafeMutableBytes { try dataset.read(into: $0, as: .uint16, range: 1..<3) }
      #expect(target == [2, 3])
      #expect(throws: HDF5Error.self) {
        try target.withUnsafeMutableBytes { try dataset.read(into: $0, as: .uint16) }
      }
    }
  }

  @Test func strings() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file.h5"
      let keys = ["n01440764/7.JPEG", "", "größer", "日本", String(repeating: "x", count: 5000)]
      let writer = try HDF5File(creating: path)
      try writer.write("keys", strings: keys)
      try writer.write("none", strings: [])
      let late = try writer.createStringDataset("late", shape: [3], byteCount: 1)
      try late.writeStrings(["b", "c"], range: 1..<3)
      #expect(throws: HDF5Error.self) { try late.writeStrings(["b"], range: 1..<3) }
      #expect(throws: HDF5Error.self) { try late.writeStrings(["a\0b"], range: 0..<1) }
      #expect(throws: HDF5Error.self) { try late.writeStrings(["bc"], range: 0..<1) }
      try writer.close()

      let file = try HDF5File(reading: path)
      #expect(try file.dataset("keys").isString)
      #expect(try file.dataset("keys").hasChecksum)
      #expect(try file.dataset("keys").readStrings() == keys)
      #expect(try file.dataset("keys").readStrings(range: 1..<3) == ["", "größer"])
      #expect(try file.dataset("none").readStrings() == [])
      #expect(try file.dataset("late").readStrings() == ["", "b", "c"])
    }
  }

  @Test func attributes() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file.h5"
      let writer = try HDF5File(creating: path)
      try writer.attributes.set("version", .integer(.min))
      try writer.attributes.set("kind", .string("Größe"))
      let dataset = try writer.write("x", [Float](repeating: 0, count: 2))
      try dataset.attributes.set("scale", .integer(1))
      try dataset.attributes.set("scale", .float(0.1))
      try writer.close()

      let file = try HDF5File(reading: path)
      #expect(try file.attributes.names() == ["kind", "version"])
      #expect(try file.attributes.integer("version") == .min)
      #expect(try file.attributes.string("kind") == "Größe")
      #expect(try file.dataset("x").attributes.float("scale") == 0.1)
      #expect(try file.attributes.value("absent") == nil)
      #expect(throws: HDF5Error.self) { try file.attributes.string("version") }
      #expect(throws: HDF5Error.self) { try file.attributes.integer("absent") }
      #expect(throws: HDF5Error.self) { try file.attributes.set("version", .integer(2)) }
    }
  }

  @Test func namesAndGroups() throws {
    try withTemporaryDirectory { directory in
      let file = try HDF5File(creating: directory + "/file.h5")
      for name in ["b.weight", "b.bias", "group/inner/x", "group/a", "äö"] {
        try file.write(name, [UInt8(1)])
      }
      try file.createGroup("empty")
      let names = try file.datasetNames()
      #expect(names == ["b.bias", "b.weight", "group/a", "group/inner/x", "äö"])
      #expect(try file.hasDataset("group/inner/x"))
      #expect(try file.hasDataset("group/inner") == false)
      #expect(try file.hasDataset("nowhere/x") == false)
      #expect(throws: HDF5Error.self) { try file.write("b.bias", [UInt8(1)]) }
    }
  }

  @Test func equalContentGivesEqualBytes() throws {
    try withTemporaryDirectory { directory in
      func write(_ path: String) throws {
        let file = try HDF5File(creating: path)
        try file.attributes.set("kind", .string("test"))
        try file.write("group/x", (0..<5000).map { Float($0) }, shape: [50, 100])
        try file.write("keys", strings: ["a", "b"])
        try file.close()
      }
      try write(directory + "/first.h5")
      // HDF5 counts time in seconds: a time stamp would differ now.
      Thread.sleep(forTimeInterval: 1.1)
      try write(directory + "/second.h5")
      #expect(try bytes(of: directory + "/first.h5") == bytes(of: directory + "/second.h5"))
    }
  }

  @Test func readersOfOneFileDoNotDisturbEachOther() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file.h5"
      let writer = try HDF5File(creating: path)
      try writer.write("x", [Int32(5)])
      try writer.close()
      let first = try HDF5File(reading: path)
      let second = try HDF5File(reading: path)
      let dataset = try second.dataset("x")
      try first.close()
      #expect(try dataset.read(as: Int32.self) == [5])
    }
  }

  @Test func severalThreadsAtOnce() async throws {
    let directory = NSTemporaryDirectory() + "/test-" + UUID().uuidString
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let sums = try await withThrowingTaskGroup(of: Int64.self) { group in
      for number in 0..<8 {
        group.addTask {
          let path = directory + "/\(number).h5"
          var sum: Int64 = 0
          for round in 0..<10 {
            let writer = try HDF5File(creating: path)
            try writer.write("x", [Int64](repeating: Int64(number), count: 1000 + round))
            try writer.close()
            sum += try HDF5File(reading: path).dataset("x").read(as: Int64.self).reduce(0, +)
          }
          return sum
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(sums == 28 * (10_000 + 45))
  }
}
