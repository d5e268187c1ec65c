import ArrayFiles
import ImageFiles

extension OutputParts {
  /// Puts all blocks together under their final names; they must be finished.
  ///
  /// One block is in memory at a time. The images come last: where they are, everything is.
  ///
  /// - Throws: `FileError`, `ArrayFileError`, `ImageError`.
  func publish() throws {
    let indices = plan.blocks.indices
    if let path = plan.codes {
      try NumPyArray.write(to: path, .int32, shape: [plan.imageCount, plan.tokenCount]) { array in
        for index in indices { try array.append(try codes(ofBlock: index)) }
      }
    }
    guard let output = plan.images else { return stage.remove() }
    if output.kind == .folder {
      if plan.codes != nil { try removeCodes() }
      try plan.record?.write(to: stage.dataFolder + "/" + SamplingRecord.folderFileName)
      return try stage.publishFolder()
    }
    if let record = plan.record, let path = SamplingRecord.path(for: output) {
      try record.write(to: path)
    }
    let shape = [plan.imageCount, plan.imageSize, plan.imageSize, 3]
    func addPixels(_ array: NumPyArrayWriter) throws {
      for index in indices { try array.append(try pixels(ofBlock: index)) }
    }
    switch output.kind {
    case .folder: break
    case .grid: try writeGrid(to: output.path)
    case .array: try NumPyArray.write(to: output.path, .uint8, shape: shape, addPixels)
    case .archive:
      try NumPyArchive.write(to: output.path) { archive in
        try archive.add("arr_0", .uint8, shape: shape, addPixels)
        guard let labels = plan.labels else { return }
        try archive.add("arr_1", .int64, shape: [labels.count]) { array in
          for label in labels {
            try array.append(withUnsafeBytes(of: Int64(label).littleEndian) { Array($0) })
          }
        }
      }
    }
    stage.remove()
  }

  private func writeGrid(to path: String) throws {
    let size = plan.imageSize
    let images = try plan.blocks.indices.flatMap { index in
      let pixels = try pixels(ofBlock: index)
      return stride(from: 0, to: pixels.count, by: plan.imageByteCount).map {
        RGBImage(
          height: size, width: size, pixels: Array(pixels[$0..<$0 + plan.imageByteCount]))
      }
    }
    let picture = ImageGrid().picture(
      images, columnCount: plan.columnCount ?? squareColumnCount(images.count))
    try AtomicFile.write(try picture.pngBytes(name: path), to: path)
  }
}
