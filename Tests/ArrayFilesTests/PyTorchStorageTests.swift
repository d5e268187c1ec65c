import ArrayFiles
import Testing

/// Tensors that lie about their storages, and storages that are not what the pickle says.
@Suite("PyTorch: storages") struct PyTorchStorageTests {
  private typealias Bytes = PickleBytes

  /// Storage "0": 0, 1, … 5 as float32.
  private static let six = (0..<6).map(Float.init).withUnsafeBytes { [UInt8]($0) }

  private func tensor(
    of elementCount: Int = 6, offset: Int = 0, shape: [Int], strides: [Int],
    storages: [String: [UInt8]] = ["0": six]
  ) throws -> PyTorchTensor {
    let value = Bytes.tensor(
      Bytes.storage(elementCount), offset: offset, shape: shape, strides: strides)
    let file = try PyTorchFile(
      decoding: Bytes.file(value, storages: storages), name: "bad.pth")
    return try #require(try file.tensors().first)
  }

  /// Element `[i, j, …]` from its definition, for comparison.
  private func reference(offset: Int, shape: [Int], strides: [Int]) -> [Float] {
    var places = [offset]
    for (size, stride) in zip(shape, strides) {
      places = places.flatMap { place in (0..<size).map { place + $0 * stride } }
    }
    return places.map(Float.init)
  }

  @Test func everySmallLayoutIsReadRightOrRefused() throws {
    var (readCount, refusedCount) = (0, 0)
    let sizes = [0, 1, 2, 3]
    for (rows, columns) in sizes.flatMap({ rows in sizes.map { (rows, $0) } }) {
      for (first, second) in sizes.flatMap({ first in sizes.map { (first, $0) } }) {
        for offset in [0, 1, 3, 6, 7] {
          let (shape, strides) = ([rows, columns], [first, second])
          let expected = reference(offset: offset, shape: shape, strides: strides)
          let isInside = expected.allSatisfy { $0 < 6 } && (offset <= 6 || !expected.isEmpty)
          if isInside {
            let tensor = try tensor(offset: offset, shape: shape, strides: strides)
            #expect(try tensor.floats() == expected, "\(offset) \(shape) \(strides)")
            #expect(tensor.shape == shape)
            readCount += 1
          } else {
            #expect(throws: SizeError.self, "\(offset) \(shape) \(strides)") {
              try tensor(offset: offset, shape: shape, strides: strides)
            }
            refusedCount += 1
          }
        }
      }
    }
    #expect(readCount > 500 && refusedCount > 200, "\(readCount) and \(refusedCount)")
  }

  private static let impossibleLayouts: [(Int, [Int], [Int])] = [
    (-1, [1], [1]), (Int.min, [1], [1]), (Int.max, [2], [Int.max]), (0, [-1], [1]),
    (0, [2], [-1]), (0, [7], [1]), (0, [Int.max], [0]), (0, [1 << 32, 1 << 32], [0, 0]),
    (0, [0, Int.max], [1, 1]), (0, [3, 3], [Int.max, 1]), (0, [1 << 62, 4], [1, 1]),
    (0, [Int](repeating: 1, count: 65), [Int](repeating: 1, count: 65)),
    // A storage of 24 bytes does not become more than 64 MiB.
    (0, [1 << 25], [0]), (0, [5000, 5000], [0, 0]),
  ]

  @Test(arguments: impossibleLayouts)
  func aLayoutThatCannotBeIsRefused(offset: Int, shape: [Int], strides: [Int]) {
    #expect(throws: SizeError.self) {
      try tensor(offset: offset, shape: shape, strides: strides)
    }
  }

  @Test func stridesOfSingleAxesDoNotMatter() throws {
    let tensor = try tensor(offset: 2, shape: [1, 3, 1], strides: [.max, 1, -5])
    #expect(try tensor.floats() == [2, 3, 4])
    #expect(try self.tensor(shape: [4, 2], strides: [0, 1]).floats() == [0, 1, 0, 1, 0, 1, 0, 1])
  }

  @Test func shapeAndStridesMatch() throws {
    #expect(throws: ArrayFileError.self) { try tensor(shape: [1, 1], strides: [1]) }
    let floats = Bytes.tuple([Bytes.text("x")])
    let value = Bytes.call(
      "torch._utils", "_rebuild_tensor_v2",
      [Bytes.storage(6), Bytes.integer(0), floats, floats, [0x89], Bytes.emptyDictionary])
    #expect(throws: ArrayFileError.self) {
      try PyTorchFile(decoding: Bytes.file(value, storages: ["0": Self.six]), name: "bad.pth")
    }
  }

  @Test(
    arguments: [
      (5, ["0": six]), (7, ["0": six]), (0, ["0": six]), (6, [:]), (6, ["1": six]),
      (6, ["0": Array(six.dropLast())]), (1 << 40, ["0": six]), (1 << 60, ["0": six]),
      (-6, ["0": six]), (Int.min, ["0": six]),
    ] as [(Int, [String: [UInt8]])])
  func aStorageOfAnotherSizeIsRefused(elementCount: Int, storages: [String: [UInt8]]) {
    var thrown: (any Error)?
    do {
      _ = try tensor(of: elementCount, shape: [1], strides: [1], storages: storages)
    } catch { thrown = error }
    #expect(thrown is ArrayFileError || thrown is SizeError, "\(String(describing: thrown))")
  }

  @Test func oneStorageIsDescribedInOneWay() throws {
    let first = Bytes.tensor(Bytes.storage(6), shape: [1], strides: [1])
    for second in [Bytes.storage(5), Bytes.storage(6, type: "IntStorage")] {
      let value = Bytes.tuple([first, Bytes.tensor(second, shape: [1], strides: [1])])
      let error = try #require(throws: ArrayFileError.self) {
        try PyTorchFile(decoding: Bytes.file(value, storages: ["0": Self.six]), name: "bad.pth")
      }
      #expect(error.problem.contains("in two ways"), "\(error)")
    }
    let value = Bytes.tuple([first, Bytes.tensor(Bytes.storage(6), shape: [6], strides: [1])])
    let file = try PyTorchFile(
      decoding: Bytes.file(value, storages: ["0": Self.six]), name: "good.pth")
    #expect(try file.tensors().map { try $0.floats().count } == [1, 6])
  }

  @Test func viewsOfStoragesAreRefused() throws {
    let view = Bytes.tuple([
      Bytes.text("storage"), Bytes.global("torch", "FloatStorage"), Bytes.text("0"),
      Bytes.text("cpu"), Bytes.integer(6), Bytes.tuple([Bytes.text("1"), Bytes.integer(0)]),
    ])
    let value = Bytes.tensor(view + [UInt8(ascii: "Q")], shape: [1], strides: [1])
    let error = try #require(throws: ArrayFileError.self) {
      try PyTorchFile(decoding: Bytes.file(value, storages: ["0": Self.six]), name: "bad.pth")
    }
    #expect(error.problem.contains("view"), "\(error)")
  }

  @Test func doublesGoToTheNearestNumber() throws {
    let numbers: [Double] = [1e300, -1e300, 1 / 3, 1e-60, .nan]
    let expected: [Float] = [.infinity, -.infinity, 1 / 3, 0]
    let value = Bytes.tensor(
      Bytes.storage(5, type: "DoubleStorage"), shape: [5], strides: [1])
    let bytes = Bytes.file(value, storages: ["0": numbers.withUnsafeBytes { [UInt8]($0) }])
    let floats = try #require(
      try PyTorchFile(decoding: bytes, name: "a.pth").tensors().first
    ).floats()
    #expect(Array(floats.prefix(4)) == expected)
    #expect(floats[4].isNaN)
  }
}
