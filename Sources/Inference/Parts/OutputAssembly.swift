import ArrayFiles
import ImageFiles

extension OutputParts {
  /// Puts all blocks together under their final names; they must be finished.
  ///
  /// One block is in memory at a time. Codes come first, then the images, then the record that says what they are: it
  /// never stands beside others.
  ///
  /// - Parameter records: What is known of each block.
  /// - Throws: `FileError`, `ArrayFileError`, `ImageError`.
  func publish(_ records: [BlockRecord]) throws {
    let arrays = plan.images.flatMap { [.array, .archive].contains($0.kind) ? $0.path : nil }
    for path in [plan.codes, arrays].compactMap({ $0 }) {
      try SamplingRecord.removeStale(besideArray: path)
    }
    if let path = plan.codes {
      try NumPyArray.write(to: path, .int32, shape: [plan.imageCount, plan.tokenCount]) { array in
        for index in plan.blocks.indices { try array.append(try codes(ofBlock: index)) }
      }
    }
    guard let output = plan.images else { return stage.remove() }
    let record = record(records)
    if output.kind == .folder {
      try record?.write(
        to: SystemPath.path(of: SamplingRecord.folderFileName, in: stage.dataFolder))
      return try stage.publishFolder()
    }
    try writeFile(output)
    if let record, let path = SamplingRecord.path(for: output) { try record.write(to: path) }
    stage.remove()
  }

  /// The record of the sampling with the digest of what was made.
  private func record(_ records: [BlockRecord]) -> SamplingRecord? {
    var digest = PixelDigest()
    for image in records.flatMap(\.imageDigests) { digest.add(imageDigest: image) }
    var record = plan.record
    record?.pixelDigest = digest.prefixed
    return record
  }

  private func writeFile(_ output: ImageOutput) throws {
    let shape = [plan.imageCount, plan.imageSize, plan.imageSize, 3]
    func addPixels(_ array: NumPyArrayWriter) throws {
      for index in plan.blocks.indices { try array.append(try pixels(ofBlock: index)) }
    }
    switch output.kind {
    case .folder: preconditionFailure("OutputParts: \(output.path) is a folder")
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
