import CKernels

/// Where the rows of one head of one sample lie.
struct HeadPlace {
  /// Elements before the first row.
  let offset: Int
  /// Elements from one row to the next.
  let stride: Int

  /// Head `task % headCount` of sample `task / headCount` in part `index` of `count` side by side.
  init(_ shape: AttentionShape, task: Int, part index: Int = 0, of count: Int = 1) {
    let (sample, head) = task.quotientAndRemainder(dividingBy: shape.headCount)
    stride = count * shape.width
    offset = sample * shape.keyCount * stride + index * shape.width + head * shape.headSize
  }
}

/// The rows of one head of one sample in a packed buffer, as single-precision numbers.
///
/// Of a float32 buffer these are the rows in place; of a bfloat16 buffer they are a copy, which is stored
/// after it was written.
struct HeadPart {
  /// The rows.
  let rows: HeadRows
  private let buffer: Buffer
  private let copy: Buffer?
  private let place: HeadPlace
  private let tokenCount: Int
  private let headSize: Int

  /// Head `task % headCount` of sample `task / headCount` in part `index` of `count` side by side; a
  /// copy that is not read begins with any content.
  init(
    _ buffer: Buffer, _ shape: AttentionShape, task: Int, part index: Int = 0, of count: Int = 1,
    isRead: Bool
  ) {
    self.buffer = buffer
    (tokenCount, headSize) = (shape.keyCount, shape.headSize)
    place = HeadPlace(shape, task: task, part: index, of: count)
    guard buffer.elementType == .bfloat16 else {
      copy = nil
      rows = HeadRows(start: buffer.floats + place.offset, stride: place.stride)
      return
    }
    let copy = Buffer(.float32, count: shape.keyCount * shape.headSize)
    self.copy = copy
    rows = HeadRows(start: copy.floats, stride: shape.headSize)
    guard isRead else { return }
    CKernels_widenRows(
      rows.start, Int64(rows.stride), buffer.bfloat16s + place.offset, Int64(place.stride),
      Int64(tokenCount), Int64(headSize))
  }

  /// Moves what was written into the buffer.
  func store() {
    guard copy != nil else { return }
    CKernels_roundRows(
      buffer.bfloat16s + place.offset, Int64(place.stride), rows.start, Int64(rows.stride),
      Int64(tokenCount), Int64(headSize))
  }
}

/// Queries, keys and values of one head of one sample, packed side by side, or their gradients.
struct PackedHead {
  private let queryPart: HeadPart
  private let keyPart: HeadPart
  private let valuePart: HeadPart

  /// The head of a task in `[batch, tokens, 3 * width]`.
  init(_ buffer: Buffer, _ shape: AttentionShape, task: Int, isRead: Bool) {
    func part(_ index: Int) -> HeadPart {
      HeadPart(buffer, shape, task: task, part: index, of: 3, isRead: isRead)
    }
    (queryPart, keyPart, valuePart) = (part(0), part(1), part(2))
  }

  var queries: HeadRows { queryPart.rows }

  var keys: HeadRows { keyPart.rows }

  var values: HeadRows { valuePart.rows }

  /// Moves what was written into the buffer.
  func store() {
    queryPart.store()
    keyPart.store()
    valuePart.store()
  }
}
