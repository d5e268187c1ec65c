import Foundation
public import Reporting

/// The figures of `restok bench data`.
public struct DataReport: CommandReport, Codable, Equatable {
  /// How fast rank 0 reads lanes and puts them into messages.
  public struct Reading: Codable, Sendable, Equatable {
    /// Where the bytes are.
    public enum Kind: String, Codable, Sendable {
      /// Where the system has them, on the disk if nobody has read them since it started; files are opened and
      /// compared with their digests.
      case first
      /// In the system's memory; files are opened and compared with their digests.
      case warm
      /// In the system's memory or the program's own; files are open.
      case again
      /// In the program's memory: images that are made up.
      case formed
    }

    /// Where the bytes are.
    public var kind: Kind
    /// Images.
    public var imageCount: Int
    /// Bytes of their messages.
    public var byteCount: Int
    /// Seconds for all.
    public var seconds: Double

    /// Images a second.
    public var imagesPerSecond: Double { Double(imageCount) / seconds }

    private enum CodingKeys: String, CodingKey {
      case kind
      case imageCount = "image_count"
      case byteCount = "byte_count"
      case seconds
    }
  }

  /// How fast messages reach their ranks.
  public struct Transport: Codable, Sendable, Equatable {
    /// Messages in all.
    public var messageCount: Int
    /// Messages to other ranks than 0.
    public var sentMessageCount: Int
    /// Bytes to other ranks than 0.
    public var sentByteCount: Int
    /// Images in all.
    public var imageCount: Int
    /// Seconds for all.
    public var seconds: Double

    /// Images a second, those of rank 0 among them.
    public var imagesPerSecond: Double { Double(imageCount) / seconds }
    /// Bytes a second to other ranks.
    public var sentBytesPerSecond: Double { Double(sentByteCount) / seconds }

    private enum CodingKeys: String, CodingKey {
      case messageCount = "message_count"
      case sentMessageCount = "sent_message_count"
      case sentByteCount = "sent_byte_count"
      case imageCount = "image_count"
      case seconds
    }
  }

  /// Number of ranks.
  public var rankCount: Int
  /// Bytes of an image as it is stored, on average.
  public var imageByteCount: Int
  /// Bytes of a message, on average.
  public var messageByteCount: Int
  /// Images of a message.
  public var sampleCountPerMessage: Int
  /// Side of the squares that images become.
  public var size: Int
  /// Reading without sending.
  public var readings: [Reading]
  /// Sending without reading.
  public var sending: Transport
  /// Bytes a second of the link alone; nil on a single rank.
  public var linkBytesPerSecond: Double?
  /// Reading and sending together.
  public var whole: Transport
  /// Images a second that one thread of each rank prepares, by rank.
  public var decodingRates: [Double]
  /// Images a second that a rank trains on, as it was given.
  public var samplesPerSecond: Double?

  private enum CodingKeys: String, CodingKey {
    case rankCount = "rank_count"
    case imageByteCount = "image_byte_count"
    case messageByteCount = "message_byte_count"
    case sampleCountPerMessage = "samples_per_message"
    case size
    case readings
    case sending
    case linkBytesPerSecond = "link_bytes_per_second"
    case whole
    case decodingRates = "decoded_images_per_second"
    case samplesPerSecond = "samples_per_second"
  }

  /// Images a second that rank 0 gives out when it neither waits for a disk nor decodes: the slower one of reading
  /// and, among several ranks, sending.
  public var coordinatorImagesPerSecond: Double {
    let reading = readings.last?.imagesPerSecond ?? .infinity
    return rankCount > 1 ? min(reading, sending.imagesPerSecond, whole.imagesPerSecond) : reading
  }

  /// Ranks that rank 0 can feed at the rate that was given, itself among them.
  public var fedRankCount: Int? {
    samplesPerSecond.map { Int(min(coordinatorImagesPerSecond / $0, 1e9)) }
  }

  /// A line a figure.
  public var description: String {
    let head = String(
      format: "%ld rank(s), messages of %ld images, %.1f kB each image, to squares of %ld",
      rankCount,
      sampleCountPerMessage, Double(imageByteCount) / 1e3, size)
    var lines = [head] + readings.map(text)
    if let linkBytesPerSecond {
      lines += [
        text("sent, read before", sending), text("read and sent", whole),
        String(
          format: "link alone: %.0f MB/s, of which sending reaches %.0f %%",
          linkBytesPerSecond / 1e6, 100 * sending.sentBytesPerSecond / linkBytesPerSecond),
      ]
    } else {
      lines.append("one rank sends nothing: under mpirun the link is measured too")
    }
    let slowest = decodingRates.min() ?? 0
    lines.append(
      String(
        format: "decoded, cropped and resized by one thread of the slowest rank: %.0f images/s",
        slowest))
    if let samplesPerSecond, let fedRankCount {
      lines.append(
        String(
          format:
            "at %.4g images/s a rank: rank 0 feeds %ld rank(s); preparing takes %.1f %% of one core",
          samplesPerSecond, fedRankCount, 100 * samplesPerSecond / slowest))
    }
    return lines.joined(separator: "\n")
  }

  private func text(_ reading: Reading) -> String {
    let name =
      switch reading.kind {
      case .first: "read as the system has the files, opened and compared"
      case .warm: "read from memory, files opened and compared"
      case .again: "read from memory, files open"
      case .formed: "made up, put into messages"
      }
    return String(
      format: "%@: %.0f MB/s, %.0f images/s", name,
      Double(reading.byteCount) / 1e6 / reading.seconds,
      reading.imagesPerSecond)
  }

  private func text(_ name: String, _ transport: Transport) -> String {
    String(
      format: "%@: %.0f messages/s and %.0f MB/s to other ranks, %.0f images/s in all", name,
      Double(transport.sentMessageCount) / transport.seconds, transport.sentBytesPerSecond / 1e6,
      transport.imagesPerSecond)
  }
}
