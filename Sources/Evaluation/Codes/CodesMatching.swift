import Datasets

/// Which image of a data set each row of a file of codes is of.
struct CodesMatching {
  /// For each row of codes the index of its image; nil where the set has none of that key.
  let imageIndices: [Int?]
  /// What rows and images were matched by.
  let basis: CodesReport.Basis
  /// Rows whose label is another one than their image's.
  let unlikeLabels: [Int]
  /// The labels of the data set.
  private let labels: [Int32]

  /// Matches by keys where the codes know those of images, else by the order.
  ///
  /// Files that came from the published program have no keys but numbers.
  ///
  /// - Throws: `DataError` where neither keys nor counts agree, and the errors of reading.
  init(_ file: CodesFile, _ dataset: ImageDataset) throws {
    var keys: [String] = []
    var labels: [Int32] = []
    for number in dataset.manifest.shards.indices {
      let shard = try dataset.shard(number)
      keys += shard.keys
      labels += shard.labels
    }
    let rows = try file.keys()
    let positions = Dictionary(
      keys.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    let found = rows.map { positions[$0] }
    let isUnique = positions.count == keys.count
    if rows == keys
      || (isUnique && found.allSatisfy { $0 != nil } && Set(found).count == rows.count)
    {
      (imageIndices, basis) = (rows == keys ? rows.indices.map { $0 } : found, .keys)
    } else if rows.count == keys.count {
      (imageIndices, basis) = (rows.indices.map { $0 }, .order)
    } else {
      let unknown = zip(rows, found).first { $0.1 == nil }?.0
      throw DataError(
        file: file.path,
        problem: "its codes are of \(rows.count) images, and \(dataset.folder) has \(keys.count); "
          + (unknown.map { "there is no '\($0)' in it" } ?? "several of its images have one key"),
        advice: "Name with --data the set that the codes were extracted from.")
    }
    unlikeLabels = imageIndices.enumerated().compactMap { row, image in
      image.map { labels[$0] != file.labels[row] } == true ? row : nil
    }
    self.labels = labels
  }

  /// The label of the image of a row.
  func label(ofImageOf row: Int) -> Int32? { imageIndices[row].map { labels[$0] } }
}
