package import ImageFiles

/// What was made of the images of a block.
package struct BlockContent {
  /// The images, in the order of the output; none where just codes are wanted.
  package var images: [RGBImage] = []
  /// The codes, one image's behind the other's; none where they are not wanted.
  package var codes: [Int32] = []
  /// Mean squared errors of the images, where they are reconstructions.
  package var meanSquaredErrors: [Double] = []

  /// Nothing yet.
  package init() {}
}

/// What is known of a block that is finished.
package struct BlockRecord: Codable {
  /// What it was made from and how: `OutputPlan.digest(ofBlock:)`.
  package var plan: String
  /// Digest of its files, as `xxh64:` and 16 hexadecimal digits.
  package var digest: String
  /// Digests of its images, `PixelDigest.of`.
  package var imageDigests: [String]
  /// `BlockContent.meanSquaredErrors`.
  package var meanSquaredErrors: [Double]
}
