import Foundation
public import Reporting

/// The figures of `restok bench decoding`.
public struct DecodingReport: CommandReport, Codable, Equatable {
  /// How fast images are prepared.
  public struct Rate: Codable, Equatable, Sendable {
    /// What is done with a file.
    public var preparation: DecodingBenchmark.Preparation
    /// Side of the square; nil where images stay as they are.
    public var size: Int?
    /// Images of one core, of the median round.
    public var imagesPerSecond: Double

    private enum CodingKeys: String, CodingKey {
      case preparation
      case size
      case imagesPerSecond = "images_per_second"
    }
  }

  /// Number of images.
  public var imageCount: Int
  /// Bytes of their files.
  public var fileByteCount: Int
  /// Bytes of their pixels.
  public var pixelByteCount: Int
  /// One for each preparation and size.
  public var rates: [Rate]

  private enum CodingKeys: String, CodingKey {
    case imageCount = "image_count"
    case fileByteCount = "file_byte_count"
    case pixelByteCount = "pixel_byte_count"
    case rates
  }

  /// A line about the files, and one a rate.
  public var description: String {
    let head = String(
      format: "%ld images, %.1f kB of file and %.1f kB of pixels each; one core", imageCount,
      Double(fileByteCount) / 1e3 / Double(imageCount),
      Double(pixelByteCount) / 1e3 / Double(imageCount))
    let lines = rates.map { rate in
      let name = rate.preparation.rawValue + (rate.size.map { " \($0)" } ?? "")
      return String(
        format: "%@: %.0f images/s, %.3f ms an image",
        name.padding(toLength: 12, withPad: " ", startingAt: 0), rate.imagesPerSecond,
        1e3 / rate.imagesPerSecond)
    }
    return ([head] + lines).joined(separator: "\n")
  }
}
