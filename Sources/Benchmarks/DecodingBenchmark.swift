import ArrayFiles
import Datasets
import ImageFiles
import Tensors

/// Times what becomes of image files before training, on one core: decoding, resizing, cropping.
public struct DecodingBenchmark {
  /// What is timed; each is the decoding and what follows it.
  public enum Preparation: String, Codable, Sendable, CaseIterable {
    /// Decoding alone.
    case decoded
    /// The evaluation's square in the middle.
    case centre
    /// The ADM random crop of the published recipe, with mirror images.
    case adm
    /// The resized crop of 0.08 to 1 of the area, with mirror images.
    case resized

    fileprivate var augmentation: Augmentation {
      switch self {
      case .decoded, .centre: .none
      case .adm: .published
      case .resized: Augmentation(crop: 0.08...1, kind: .resized, flip: true)
      }
    }
  }

  private let files: [(name: String, bytes: [UInt8])]
  private let sizes: [Int]
  private let repetitionCount: Int

  /// Reads the files.
  ///
  /// - Parameters:
  ///   - paths: Image files and folders.
  ///   - count: The first so many images are taken.
  ///   - sizes: Sides of the squares.
  ///   - repetitionCount: Rounds over all images, whose median counts.
  /// - Throws: `ImageError` where a file cannot be read, or none is there.
  public init(paths: [String], count: Int, sizes: [Int], repetitionCount: Int) throws {
    let images = try ImageFolder.listing(expanding: paths).images
    guard !images.isEmpty else {
      throw ImageError.unreadable(name: paths.first ?? "", reason: "no image files are there")
    }
    files = try images.prefix(count).map { ($0, try ImageFolder.bytes(ofFile: $0)) }
    self.sizes = sizes
    self.repetitionCount = repetitionCount
  }

  /// Times everything, in rounds that alternate.
  ///
  /// - Returns: The rates.
  /// - Throws: `ImageError` for a file that cannot be decoded.
  public func run() throws -> DecodingReport {
    let plans =
      [(Preparation.decoded, 0)]
      + sizes.flatMap { size in Preparation.allCases.dropFirst().map { ($0, size) } }
    var seconds = [[Double]](repeating: [], count: plans.count)
    var decodedByteCount = 0
    // The first round warms up.
    for round in 0...repetitionCount {
      for (index, plan) in plans.enumerated() {
        let start = ContinuousClock.now
        let byteCount = try prepare(plan.0, size: plan.1)
        let duration = (ContinuousClock.now - start) / .seconds(1)
        if round > 0 { seconds[index].append(duration) }
        if index == 0 { decodedByteCount = byteCount }
      }
    }
    return DecodingReport(
      imageCount: files.count, fileByteCount: files.reduce(0) { $0 + $1.bytes.count },
      pixelByteCount: decodedByteCount,
      rates: zip(plans, seconds).map { plan, seconds in
        DecodingReport.Rate(
          preparation: plan.0, size: plan.1 == 0 ? nil : plan.1,
          imagesPerSecond: Double(files.count) / median(seconds))
      })
  }

  /// One round; returns the bytes of the images that came out, so that none is left out.
  private func prepare(_ preparation: Preparation, size: Int) throws -> Int {
    var byteCount = 0
    for (index, file) in files.enumerated() {
      guard preparation != .decoded else {
        byteCount += try RGBImage(decoding: file.bytes, name: file.name).pixels.count
        continue
      }
      var stream = RandomStream(RandomKey(seed: 0, purpose: .augmentation, index: index))
      byteCount += try RGBImage(decoding: file.bytes, name: file.name) { height, width in
        preparation.augmentation.plan(size: size, ofHeight: height, width: width) {
          UInt32(stream.integer(below: Int($0)))
        }
      }.pixels.count
    }
    return byteCount
  }
}
