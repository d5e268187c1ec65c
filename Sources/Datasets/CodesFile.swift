import ArrayFiles
import Synchronization

/// Reads a file of token codes by the index of a sample.
///
/// Codes are read in blocks of neighbours, of which some are kept; labels are in memory. May be used
/// from several threads.
public final class CodesFile: Sendable {
  /// Path of the file.
  public let path: String
  /// What the file says about itself.
  public let description: CodesDescription
  /// Digest of the whole file, as `xxh64:` and 16 hexadecimal digits.
  public let digest: String
  /// What a user should know: a file of the first version says nothing by which damage to it is found.
  public let warnings: [String]
  /// The class of each sample.
  public let labels: [Int32]
  /// Samples that are read together.
  public let blockSampleCount: Int
  private let codes: HDF5Dataset
  private let blocks: Mutex<BlockCache<[UInt16]>>

  /// Number of samples.
  public var sampleCount: Int { description.sampleCount }

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - tokenizerDigest: Digest of the weights of the tokenizer whose codes are wanted; nil takes
  ///     any.
  ///   - blockSampleCount: Samples that are read together; equal to the plan's.
  ///   - cacheByteCount: Bytes of codes that are kept in memory.
  /// - Throws: `DataError` if the file is missing, of other bytes than its seal says, damaged or of
  ///   another version, or of another tokenizer.
  public init(
    path: String, tokenizerDigest: String? = nil,
    blockSampleCount: Int = EpochPlan.defaultBlockSampleCount, cacheByteCount: Int = 128 << 20
  ) throws(DataError) {
    precondition(
      blockSampleCount > 0, "CodesFile: blocks of \(blockSampleCount) samples hold nothing")
    let file = try DataError.locating(file: path) { try HDF5File(readingAlone: path) }
    let description = try CodesDescription(of: file)
    if let tokenizerDigest, tokenizerDigest != description.tokenizerDigest {
      throw DataError(
        file: path,
        problem: "the codes are of the tokenizer \(description.tokenizerDigest), expected "
          + "\(tokenizerDigest)",
        advice: "Extract codes with this tokenizer (`restok encode`), or name the one they are of.")
    }
    typealias Name = CodesDescription.Dataset
    codes = try DataError.locating(file: path, dataset: Name.codes) { try file.dataset(Name.codes) }
    labels = try DataError.locating(file: path, dataset: Name.labels) {
      try file.dataset(Name.labels).read(as: Int32.self)
    }
    let record = try DataError.locating(file: path) {
      try file.record ?? ContentRecord(ofFile: path)
    }
    digest = ContentDigest.prefix + record.digest
    warnings =
      file.record == nil
      ? [
        "\(path): codes of the first format carry no digest: damage to them is not found. "
          + "Extract them anew (`restok encode`)."
      ] : []
    self.path = path
    self.description = description
    self.blockSampleCount = blockSampleCount
    blocks = Mutex(BlockCache(capacity: cacheByteCount))
    try checkShapes()
  }

  /// Reads the codes of one crop of one sample.
  ///
  /// - Parameters:
  ///   - index: Index of the sample.
  ///   - crop: Number of the crop.
  /// - Returns: `[tokenCount]`.
  /// - Throws: `DataError` that names dataset and index if the bytes are damaged or a code is not
  ///   below the vocabulary size.
  /// - Precondition: The sample and the crop exist.
  public func codes(at index: Int, crop: Int = 0) throws(DataError) -> [UInt16] {
    precondition(
      index >= 0 && index < sampleCount && crop >= 0 && crop < description.cropCount,
      "CodesFile: crop \(crop) of sample \(index) among \(sampleCount) x \(description.cropCount)")
    let number = index / blockSampleCount
    let start = number * blockSampleCount
    let range = start..<min(start + blockSampleCount, sampleCount)
    let block: Result<[UInt16], DataError> = blocks.withLock { cache in
      Result { () throws(DataError) in
        try cache.block(number, weight: { 2 * $0.count }) { () throws(DataError) in
          try read(range)
        }
      }
    }
    let first = (index - start) * description.rowCount + crop * description.tokenCount
    return Array(try block.get()[first..<first + description.tokenCount])
  }

  /// The recipe that the crops were cut by.
  ///
  /// - Parameter size: Side of the square that the tokenizer takes.
  /// - Returns: The recipe whose digest and number of crops the file has.
  /// - Throws: `DataError` if there is none: the crops are of another size, or of another program.
  public func cropRecipe(size: Int) throws(DataError) -> CropRecipe {
    let recipe = CropRecipe.allCases.first {
      $0.digest(size: size) == description.cropRecipeDigest
        && $0.cropCount == description.cropCount
    }
    guard let recipe else {
      let known = CropRecipe.allCases.map {
        "\($0.rawValue) (\($0.cropCount), \($0.digest(size: size)))"
      }
      throw DataError(
        file: path,
        problem: "the codes are of \(description.cropCount) crop(s) by the recipe "
          + "\(description.cropRecipeDigest), expected for images of size \(size): "
          + known.joined(separator: " or "),
        advice: "Extract codes with this tokenizer (`restok encode`).")
    }
    return recipe
  }

  /// Reads the keys of all samples.
  ///
  /// - Throws: `DataError` if they cannot be read.
  public func keys() throws(DataError) -> [String] {
    try DataError.locating(file: path, dataset: CodesDescription.Dataset.keys) {
      try codes.file.dataset(CodesDescription.Dataset.keys).readStrings()
    }
  }

  private func read(_ range: Range<Int>) throws(DataError) -> [UInt16] {
    let dataset = CodesDescription.Dataset.codes
    let block = try DataError.locating(file: path, dataset: dataset, index: range.lowerBound) {
      try codes.read(as: UInt16.self, range: range)
    }
    if let position = block.firstIndex(where: { Int($0) >= description.vocabularySize }) {
      throw DataError(
        file: path, dataset: dataset, index: range.lowerBound + position / description.rowCount,
        problem: "the code is \(block[position]), expected less than \(description.vocabularySize)",
        advice: "Extract the codes anew (`restok encode`).")
    }
    return block
  }

  private func checkShapes() throws(DataError) {
    let expected = [description.sampleCount, description.cropCount, description.tokenCount]
    guard codes.shape == expected else {
      throw DataError(
        file: path, dataset: CodesDescription.Dataset.codes,
        problem: "the shape is \(codes.shape), the attributes say \(expected)",
        advice: restoreAdvice)
    }
    guard labels.count == description.sampleCount else {
      throw DataError(
        file: path, dataset: CodesDescription.Dataset.labels,
        problem: "there are \(labels.count) labels for \(description.sampleCount) samples",
        advice: restoreAdvice)
    }
    let classes = 0..<description.classCount
    if let index = labels.firstIndex(where: { !classes.contains(Int($0)) }) {
      throw DataError(
        file: path, dataset: CodesDescription.Dataset.labels, index: index,
        problem: "the label is \(labels[index]), expected less than \(description.classCount)",
        advice: restoreAdvice)
    }
  }
}
