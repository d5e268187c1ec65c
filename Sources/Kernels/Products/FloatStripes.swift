import CKernels

/// Buffers of either floating-point type as kernels see them: in single precision, some rows at a time.
///
/// A float32 buffer is read and written in place. A bfloat16 buffer goes through scratch memory of a few
/// thousand numbers, which stays in the cache: a pass over it moves half the bytes of a float32 one.
struct FloatStripes {
  /// Numbers of a buffer that are in scratch memory at a time.
  private static let capacity = 4_096

  private let rowSize: Int
  private let rowsAtATime: Int
  private let parts: [Part]
  private let bfloat16Count: Int

  /// A buffer without its reference to the storage, which every copy would count.
  private struct Part {
    let address: UnsafeMutableRawPointer
    let isBFloat16: Bool
    let isWritten: Bool

    var bfloat16s: UnsafeMutablePointer<UInt16> { address.assumingMemoryBound(to: UInt16.self) }

    var floats: UnsafeMutablePointer<Float> { address.assumingMemoryBound(to: Float.self) }

    init(_ buffer: Buffer, isWritten: Bool) {
      isBFloat16 = buffer.elementType == .bfloat16
      address = isBFloat16 ? UnsafeMutableRawPointer(buffer.bfloat16s) : .init(buffer.floats)
      self.isWritten = isWritten
    }
  }

  /// Groups the buffers of a kernel, which must outlive the stripes.
  ///
  /// - Parameters:
  ///   - rowSize: Numbers of a row in each of them.
  ///   - rowsAtATime: Most rows of a stripe that goes through scratch memory; as many as suit the cache
  ///     when nil.
  ///   - written: Buffers whose rows the kernel writes; what they held is not read.
  ///   - read: Buffers whose rows the kernel reads.
  init(
    rowSize: Int, rowsAtATime: Int? = nil, writing written: [Buffer], reading read: [Buffer]
  ) {
    self.rowSize = rowSize
    self.rowsAtATime = rowsAtATime ?? max(1, Self.capacity / rowSize)
    parts =
      written.map { Part($0, isWritten: true) } + read.map { Part($0, isWritten: false) }
    bfloat16Count = parts.count { $0.isBFloat16 }
  }

  /// Calls `body` with consecutive stripes of `rows` on the calling thread.
  ///
  /// - Parameters:
  ///   - rows: What to go through.
  ///   - body: Given the rows, and where their first ones are: those to write, then those to read.
  func forEach(
    in rows: Range<Int>, _ body: (Range<Int>, [UnsafeMutablePointer<Float>]) -> Void
  ) {
    guard bfloat16Count > 0 else {
      return body(rows, parts.map { $0.floats + rows.lowerBound * rowSize })
    }
    let stripeRowCount = min(rows.count, rowsAtATime)
    let scratch = Buffer(.float32, count: bfloat16Count * stripeRowCount * rowSize)
    var starts = places(scratch, stripeRowCount * rowSize)
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: stripeRowCount) {
      let stripe = first..<min(rows.upperBound, first + stripeRowCount)
      let (offset, count) = (first * rowSize, Int64(stripe.count * rowSize))
      for (index, part) in parts.enumerated() {
        if !part.isBFloat16 {
          starts[index] = part.floats + offset
        } else if !part.isWritten {
          CKernels_widenBFloat16(starts[index], part.bfloat16s + offset, count)
        }
      }
      body(stripe, starts)
      for (index, part) in parts.enumerated() where part.isBFloat16 && part.isWritten {
        CKernels_roundToBFloat16(part.bfloat16s + offset, starts[index], count)
      }
    }
    withExtendedLifetime(scratch) {}
  }

  /// Scratch memory of each bfloat16 buffer; for the others any place.
  private func places(_ scratch: Buffer, _ size: Int) -> [UnsafeMutablePointer<Float>] {
    var next = scratch.floats
    return parts.map { part in
      defer { if part.isBFloat16 { next += size } }
      return next
    }
  }
}

/// Calls `body` with stripes of `0..<rowCount`, on all threads; see `FloatStripes`.
func forEachStripe(
  of rowCount: Int, rowSize: Int, grain: Int, writing written: [Buffer], reading read: [Buffer],
  _ body: (Range<Int>, [UnsafeMutablePointer<Float>]) -> Void
) {
  let stripes = FloatStripes(rowSize: rowSize, writing: written, reading: read)
  withExtendedLifetime((written, read)) {
    parallelFor(rowCount, grain: grain) { stripes.forEach(in: $0, body) }
  }
}
