import ArrayFiles

/// Which images of a source go into which shard of which data set.
///
/// A function of the list of images and of the packing alone. What turns out to be damaged leaves its shard with one
/// image less, and the others as they are.
struct PackingPlan {
  /// A shard to be made.
  struct Shard {
    /// The number of its data set.
    let part: Int
    /// Its number within that.
    let number: Int
    /// Its images in their order, indices into the source's.
    let images: [Int]
    /// A digest of all that its content depends on; the images' bytes count by their size and by when they were
    /// changed last.
    let digest: String
  }

  /// The folders of the data sets below the destination, that for training first; one empty name where there is
  /// but one set.
  let partNames: [String]
  /// The shards, data set by data set.
  let shards: [Shard]
  /// Number of classes.
  let classCount: Int

  /// Plans a packing.
  ///
  /// - Throws: `DataError` for a part without images.
  init(_ packing: ImagePacking, of source: ImageSource) throws(DataError) {
    let count = source.images.count
    let heldOutCounts = packing.heldOut.map { Int(($0.share * Double(count)).rounded()) }
    let trainingCount = count - heldOutCounts.reduce(0, +)
    for (name, count) in zip(
      [ImagePacking.trainingName] + packing.heldOut.map(\.name), [trainingCount] + heldOutCounts)
    where count < 1 {
      throw DataError(
        file: source.path,
        problem: "of its \(source.images.count) images none would be in the part '\(name)'",
        advice: "Hold out a larger or smaller share.")
    }
    partNames =
      packing.heldOut.isEmpty ? [""] : [ImagePacking.trainingName] + packing.heldOut.map(\.name)
    let order = KeyedPermutation(count: count, key: KeyMixing.key(seed: 0, .packing))
    var shards: [Shard] = []
    var start = 0
    for (part, count) in ([trainingCount] + heldOutCounts).enumerated() {
      let images = (start..<start + count).map { order[$0] }
      start += count
      for (number, images) in Self.runs(of: images, packing, source).enumerated() {
        shards.append(
          Shard(
            part: part, number: number, images: images,
            digest: Self.digest(of: images, packing, source)))
      }
    }
    self.shards = shards
    classCount = source.classes.count
  }

  /// Cuts a list of images into runs of about the bytes of a shard.
  private static func runs(
    of images: [Int], _ packing: ImagePacking, _ source: ImageSource
  ) -> [[Int]] {
    let fixedByteCount = packing.imageKind(of: source).fixedByteCount
    var (runs, byteCount): ([[Int]], Int) = ([], 0)
    for image in images {
      let size = fixedByteCount ?? source.images[image].byteCount
      if runs.isEmpty || byteCount + size > packing.shardByteCount {
        runs.append([])
        byteCount = 0
      }
      runs[runs.count - 1].append(image)
      byteCount += size
    }
    return runs
  }

  private static func digest(
    of images: [Int], _ packing: ImagePacking, _ source: ImageSource
  ) -> String {
    var digest = ContentDigest()
    digest.update(Array("packing 1 \(packing.recipe) \(packing.imageKind(of: source))\n".utf8))
    for image in images {
      let image = source.images[image]
      digest.update(
        Array("\(image.label) \(image.byteCount) \(image.stamp) \(image.key)\n".utf8))
    }
    return digest.prefixed
  }
}
