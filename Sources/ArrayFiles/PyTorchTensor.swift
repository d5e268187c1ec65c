import Foundation

/// One tensor of a PyTorch file: its type, its shape and its elements in row-major order.
///
/// In the file it may be a view of a storage that others share, transposed or with the same element
/// several times; what is contiguous there is not copied before it is used.
public struct PyTorchTensor: StoredTensor {
  /// The tensor's name: below the value that it was asked of, the keys with points between them.
  public private(set) var name: String
  /// The path of the file, or another name for where the bytes came from.
  public let origin: String
  private let layout: PyTorchLayout
  /// The bytes of the whole storage.
  private let storage: Data

  init(name: String, origin: String, layout: PyTorchLayout, storage: Data) {
    precondition(
      storage.count == layout.storage.byteCount,
      "tensor '\(name)': \(storage.count) bytes are not those of \(layout.storage)")
    self.name = name
    self.origin = origin
    self.layout = layout
    self.storage = storage
  }

  /// The element type in the file.
  public var elementType: ArrayElementType { layout.storage.elementType }

  /// The size of each axis; empty for a single number.
  public var shape: [Int] { layout.shape }

  /// Runs `body` with the elements' bytes in row-major order, which need not be aligned.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    guard layout.isContiguous else {
      return try gathered().withUnsafeBytes(body)
    }
    let size = elementType.byteCount
    let start = layout.elementCount > 0 ? layout.offset * size : 0
    return try storage.withUnsafeBytes { bytes in
      try body(
        UnsafeRawBufferPointer(rebasing: bytes[start..<start + layout.elementCount * size]))
    }
  }

  /// The same tensor under another name.
  func named(_ name: String) -> PyTorchTensor {
    var tensor = self
    tensor.name = name
    return tensor
  }

  private func gathered() -> Data {
    switch elementType.byteCount {
    case 1: gathered(as: UInt8.self)
    case 2: gathered(as: UInt16.self)
    case 4: gathered(as: UInt32.self)
    default: gathered(as: UInt64.self)
    }
  }

  /// The elements one after the other; `Word` is as wide as one.
  private func gathered<Word: FixedWidthInteger>(as type: Word.Type) -> Data {
    let size = MemoryLayout<Word>.size
    var words: [Word] = []
    words.reserveCapacity(layout.elementCount)
    storage.withUnsafeBytes { bytes in
      layout.forEachElement { number in
        words.append(bytes.loadUnaligned(fromByteOffset: number * size, as: Word.self))
      }
    }
    return words.withUnsafeBytes { Data($0) }
  }
}
