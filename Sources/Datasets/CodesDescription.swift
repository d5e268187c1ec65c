import ArrayFiles

/// What a file of token codes says about itself.
///
/// HDF5 with the datasets `codes` (uint16, `[samples, crops, tokens]`), `labels` (int32) and `keys`
/// (strings), in chunks with checksums, and attributes of the file, with a seal (`ContentSeal`) behind it.
/// Version 1, which is read too, has no seal and strings of variable length.
public struct CodesDescription: Hashable, Sendable {
  /// Number of images.
  public var sampleCount: Int
  /// Number of crops of an image.
  public var cropCount: Int
  /// Number of tokens of a crop.
  public var tokenCount: Int
  /// Codes are below this number, the size of the tokenizer's codebook.
  public var vocabularySize: Int
  /// Labels are below this number.
  public var classCount: Int
  /// Digest of the weights of the tokenizer that made the codes.
  public var tokenizerDigest: String
  /// Digest of the recipe of the crops (`CropRecipe.digest`).
  public var cropRecipeDigest: String

  static let formatName = "restok-codes"
  static let formatVersion = 2

  enum Dataset {
    static let codes = "codes"
    static let labels = "labels"
    static let keys = "keys"
  }

  private enum Attribute {
    static let format = "format"
    static let version = "format_version"
    static let sampleCount = "sample_count"
    static let cropCount = "crop_count"
    static let tokenCount = "token_count"
    static let vocabularySize = "vocabulary_size"
    static let classCount = "class_count"
    static let tokenizerDigest = "tokenizer_digest"
    static let cropRecipeDigest = "crop_recipe_digest"
  }

  /// Makes a description.
  ///
  /// - Parameters:
  ///   - sampleCount: Number of images.
  ///   - cropCount: Number of crops of an image.
  ///   - tokenCount: Number of tokens of a crop.
  ///   - vocabularySize: Size of the tokenizer's codebook, at most 65536.
  ///   - classCount: Number of classes.
  ///   - tokenizerDigest: Digest of the tokenizer's weights.
  ///   - cropRecipeDigest: Digest of the recipe of the crops.
  /// - Precondition: All numbers are positive and the codes fit 16 bits.
  public init(
    sampleCount: Int, cropCount: Int, tokenCount: Int, vocabularySize: Int, classCount: Int,
    tokenizerDigest: String, cropRecipeDigest: String
  ) {
    precondition(
      sampleCount > 0 && cropCount > 0 && tokenCount > 0 && classCount > 0
        && (1...65536).contains(vocabularySize),
      "CodesDescription: \(sampleCount) samples x \(cropCount) crops x \(tokenCount) tokens of "
        + "\(vocabularySize) codes, \(classCount) classes")
    self.sampleCount = sampleCount
    self.cropCount = cropCount
    self.tokenCount = tokenCount
    self.vocabularySize = vocabularySize
    self.classCount = classCount
    self.tokenizerDigest = tokenizerDigest
    self.cropRecipeDigest = cropRecipeDigest
  }

  /// Codes of one image; of those a file holds the product has been checked.
  var rowCount: Int { cropCount * tokenCount }

  func write(to attributes: HDF5Attributes) throws {
    try attributes.set(Attribute.format, .string(Self.formatName))
    try attributes.set(Attribute.version, .integer(Int64(Self.formatVersion)))
    for (name, value) in [
      (Attribute.sampleCount, sampleCount), (Attribute.cropCount, cropCount),
      (Attribute.tokenCount, tokenCount), (Attribute.vocabularySize, vocabularySize),
      (Attribute.classCount, classCount),
    ] {
      try attributes.set(name, .integer(Int64(value)))
    }
    try attributes.set(Attribute.tokenizerDigest, .string(tokenizerDigest))
    try attributes.set(Attribute.cropRecipeDigest, .string(cropRecipeDigest))
  }

  /// Reads the attributes of a file and checks format and version.
  init(of file: HDF5File) throws(DataError) {
    self = try DataError.locating(file: file.path) {
      let attributes = file.attributes
      let format = try attributes.string(Attribute.format)
      let version = try attributes.integer(Attribute.version)
      guard format == Self.formatName, (1...Self.formatVersion).contains(Int(version)) else {
        throw DataError(
          file: file.path,
          problem: "its format is '\(format)' version \(version), expected '\(Self.formatName)' "
            + "version 1 or \(Self.formatVersion)",
          advice: "Name a file that `restok encode` of this program wrote.")
      }
      guard version == 1 || file.record != nil else {
        throw DataError(
          file: file.path, problem: "the digest at its end is missing or damaged",
          advice: "Restore it from a copy or extract the codes anew (`restok encode`).")
      }
      func count(_ name: String, limit: Int) throws -> Int {
        try claimedSize(
          attributes.integer(name), field: name, of: file.path, atLeast: 1, limit: limit)
      }
      let description = CodesDescription(
        sampleCount: try count(Attribute.sampleCount, limit: SizeLimit.sampleCount),
        cropCount: try count(Attribute.cropCount, limit: SizeLimit.elementCount),
        tokenCount: try count(Attribute.tokenCount, limit: SizeLimit.elementCount),
        vocabularySize: try count(Attribute.vocabularySize, limit: SizeLimit.vocabularySize),
        classCount: try count(Attribute.classCount, limit: SizeLimit.classCount),
        tokenizerDigest: try attributes.string(Attribute.tokenizerDigest),
        cropRecipeDigest: try attributes.string(Attribute.cropRecipeDigest))
      _ = try claimedSize(
        product: [description.sampleCount, description.cropCount, description.tokenCount],
        field: "samples x crops x tokens", of: file.path, limit: SizeLimit.elementCount)
      return description
    }
  }
}
