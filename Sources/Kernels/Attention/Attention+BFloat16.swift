import CKernels

extension PackedAttention {
  /// Whether products take bfloat16 operands as they are.
  var takesBFloat16: Bool { route.multipliesAsTheyAre(qkv, qkv) }

  /// `forward` for all heads.
  func forwardBFloat16(into y: Buffer, _ logSums: Buffer) {
    parallelFor(shape.taskCount, with: { BFloat16AttentionScratch(shape) }) { task, scratch in
      forwardBFloat16(task, into: y, logSums.floats + task * shape.queryCount, scratch)
    }
  }

  /// One head of one sample.
  private func forwardBFloat16(
    _ task: Int, into y: Buffer, _ logSums: UnsafeMutablePointer<Float>,
    _ scratch: BFloat16AttentionScratch
  ) {
    let head = BFloat16AttentionHead(shape: shape, scratch: scratch)
    let place = HeadPlace(shape, task: task)
    prepareKeys(task, scratch)
    scratch.values.pack(
      packedRows(task, part: 2), rowCount: shape.keyCount, columnCount: shape.headSize)
    for tile in shape.tiles {
      let row = tile.lowerBound
      prepareQueries(task, tile, scratch)
      head.attend(into: scratch.tileRows, logSums: logSums + row, tile)
      store(scratch.tileRows, into: y, place, row: row, rowCount: tile.count)
    }
  }

  /// `backward` for all heads; `dy` is of type bfloat16.
  func backwardBFloat16(_ shares: ChunkShares, _ dqkv: Buffer, _ dy: Buffer, _ logSums: Buffer) {
    shares.compute(with: {
      (BFloat16AttentionScratch(shape), BFloat16GradientScratch(shape))
    }) { share, task, scratch in
      backwardBFloat16(
        task.lowerBound, share: share, dqkv, dy,
        logSums.floats + task.lowerBound * shape.queryCount, scratch.0, scratch.1)
    }
  }

  /// One head of one sample.
  private func backwardBFloat16(
    _ task: Int, share: UnsafeMutablePointer<Float>, _ dqkv: Buffer, _ dy: Buffer,
    _ logSums: UnsafeMutablePointer<Float>, _ scratch: BFloat16AttentionScratch,
    _ more: BFloat16GradientScratch
  ) {
    let (keyCount, size) = (shape.keyCount, shape.headSize)
    let head = BFloat16AttentionHead(shape: shape, scratch: scratch)
    let doutput = BFloat16Rows(dy, HeadPlace(shape, task: task))
    func place(_ part: Int) -> HeadPlace { HeadPlace(shape, task: task, part: part, of: 3) }
    prepareKeys(task, scratch)
    more.keys.pack(scratch.turnedKeys, rowCount: keyCount, columnCount: size)
    more.transposedValues.packTranspose(
      of: packedRows(task, part: 2), rowCount: size, columnCount: keyCount)
    zeroUnseen(more.dkeys, more.dvalues)
    for tile in shape.tiles.reversed() {
      let row = tile.lowerBound
      prepareQueries(task, tile, scratch)
      head.pullBack(
        into: scratch.tileRows, doutput: doutput.from(row), logSums: logSums + row, tile, more)
      queryRotation.pullBack(
        into: scratch.turned, share: share, scratch.tileRows, scratch.queries, token: row,
        rowCount: tile.count)
      store(scratch.turned, into: dqkv, place(0), row: row, rowCount: tile.count)
    }
    keyRotation.pullBack(
      into: scratch.turned, share: share + 2 * size, more.dkeys, scratch.keys, token: 0,
      rowCount: keyCount)
    store(scratch.turned, into: dqkv, place(1), row: 0, rowCount: keyCount)
    store(more.dvalues, into: dqkv, place(2), row: 0, rowCount: keyCount)
  }

  private func prepareKeys(_ task: Int, _ scratch: BFloat16AttentionScratch) {
    let (keyCount, size) = (shape.keyCount, shape.headSize)
    packedRows(task, part: 1).widen(
      into: scratch.keys, rowCount: keyCount, columnCount: size)
    keyRotation.apply(into: scratch.turned, scratch.keys, token: 0, rowCount: keyCount)
    scratch.turnedKeys.round(scratch.turned, rowCount: keyCount, columnCount: size)
    scratch.transposedKeys.packTranspose(
      of: scratch.turnedKeys, rowCount: size, columnCount: keyCount)
  }

  private func prepareQueries(_ task: Int, _ tile: Range<Int>, _ scratch: BFloat16AttentionScratch)
  {
    let (row, size) = (tile.lowerBound, shape.headSize)
    packedRows(task, part: 0).from(row).widen(
      into: scratch.queries, rowCount: tile.count, columnCount: size)
    queryRotation.apply(
      into: scratch.turned, scratch.queries, token: row, rowCount: tile.count)
    scratch.turnedQueries.round(scratch.turned, rowCount: tile.count, columnCount: size)
  }

  /// The head's queries, keys or values.
  private func packedRows(_ task: Int, part: Int) -> BFloat16Rows {
    BFloat16Rows(qkv, HeadPlace(shape, task: task, part: part, of: 3))
  }

  /// Writes rows of a head from `row` on, rounded if the buffer is of type bfloat16.
  private func store(
    _ rows: HeadRows, into buffer: Buffer, _ place: HeadPlace, row: Int, rowCount: Int
  ) {
    guard buffer.elementType == .bfloat16 else {
      let target = HeadRows(start: buffer.floats + place.offset, stride: place.stride)
      return target.from(row).copy(rows, rowCount: rowCount, columnCount: shape.headSize)
    }
    BFloat16Rows(buffer, place).from(row).round(
      rows, rowCount: rowCount, columnCount: shape.headSize)
  }
}
