import ArrayFiles
import TestSupport
import Testing

@Suite("HDF5: elements that are not in the file are not read as zeros")
struct HDF5StorageTests {
  /// The error of opening the dataset `x` that `write` made.
  private func error(_ write: (HDF5File) throws -> Void) throws -> HDF5Error? {
    try withTemporaryDirectory { directory in
      let writer = try HDF5File(creating: directory + "/file.h5")
      try write(writer)
      try writer.close()
      let file = try HDF5File(reading: directory + "/file.h5")
      do {
        _ = try file.dataset("x")
        return nil
      } catch let error as HDF5Error {
        return error
      }
    }
  }

  @Test func chunksThatWereNeverWritten() throws {
    for (rows, isWhole) in [(0..<4, false), (2..<6, false), (0..<2, false), (0..<6, true)] {
      let error = try error { file in
        let dataset = try file.createDataset(
          "x", type: .int32, shape: [6, 2], layout: .chunks([2, 2]))
        try dataset.write([Int32](repeating: 1, count: rows.count * 2), range: rows)
      }
      #expect((error == nil) == isWhole, "\(rows)")
      if let error { #expect(error.reason.contains("of 3 chunks"), "\(error)") }
    }
  }

  @Test func arraysThatWereNeverWritten() throws {
    for layout in [HDF5Layout.contiguous, .chunked] {
      for (shape, isStored) in [([5], false), ([], false), ([0], true), ([3, 0], true)] {
        let error = try error { file in
          _ = try file.createDataset("x", type: .float32, shape: shape, layout: layout)
        }
        #expect((error == nil) == isStored, "\(shape) \(layout)")
      }
    }
  }

  @Test func extentsThatTheFileCannotHold() throws {
    for shape in [[1 << 40], [1 << 20, 1 << 19]] {
      for layout in [HDF5Layout.contiguous, .chunked] {
        let error = try error { file in
          let dataset = try file.createDataset("x", type: .uint8, shape: shape, layout: layout)
          if layout == .chunked {
            try dataset.write(
              [UInt8](repeating: 1, count: shape.dropFirst().reduce(1, *)), range: 0..<1)
          }
        }
        #expect(error?.reason.contains("the number of bytes is") == true, "\(shape) \(layout)")
      }
    }
  }

  @Test func numbersOfAnUnusualKindAreNotRead() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file.h5"
      let writer = try HDF5File(creating: path)
      try writer.write("x", [UInt8](1...64), layout: .chunks([16]))
      try writer.close()
      var content = try bytes(of: path)
      // A message of the type: fixed point, unsigned, one byte, offset 0, precision 8 (format
      // specification, section IV.A.2.d).
      let type: [UInt8] = [0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0]
      let place = try #require(content.indices.first { content[$0...].starts(with: type) })
      for (offset, value) in [(8, 1), (10, 7), (10, 9)] as [(Int, UInt8)] {
        let old = content[place + offset]
        content[place + offset] = value
        try overwrite(path, content)
        #expect(throws: HDF5Error.self) {
          try HDF5File(readingAlone: path).dataset("x").read(as: UInt8.self)
        }
        content[place + offset] = old
      }
    }
  }

  @Test func aWrongByteAnywhereGivesNoZeros() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file.h5"
      let writer = try HDF5File(creating: path)
      try writer.write("x", [UInt8](1...64), layout: .chunks([16]))
      try writer.close()
      let content = try bytes(of: path)
      for place in stride(from: 0, to: content.count, by: 17) {
        var damaged = content
        damaged[place] ^= 1
        try overwrite(path, damaged)
        guard let found = try? HDF5File(readingAlone: path).dataset("x").read(as: UInt8.self) else {
          continue
        }
        #expect(!found.contains(0), "byte \(place)")
      }
    }
  }
}
