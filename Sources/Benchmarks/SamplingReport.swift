import Foundation
public import Reporting

/// The figures of `restok bench sampling`.
public struct SamplingReport: CommandReport, Codable, Equatable {
  /// What sampling in an order took.
  public struct OrderTiming: Sendable, Equatable, Codable {
    /// The order, as the configuration names it.
    public var order: String
    /// Steps that the tokens of an image take.
    public var stepCount: Int
    /// Seconds of the generator for an image.
    public var secondsPerImage: Double

    /// Makes a timing of given figures.
    public init(order: String, stepCount: Int, secondsPerImage: Double) {
      self.order = order
      self.stepCount = stepCount
      self.secondsPerImage = secondsPerImage
    }
  }

  /// The configuration's name.
  public var size: String
  /// The operands of products.
  public var precision: String
  /// Images that were sampled at a time; guidance doubles the generator's batch.
  public var batchCount: Int
  /// Tokens of an image.
  public var tokenCount: Int
  /// Scale of classifier-free guidance.
  public var guidance: Double
  /// Threads of the program.
  public var threadCount: Int
  /// Weights of the generator.
  public var weightCount: Int
  /// One an order.
  public var orders: [OrderTiming]
  /// Seconds of the tokenizer's decoder for an image; nil when it was not timed.
  public var decoderSecondsPerImage: Double?
  /// The sequential order's time over the hierarchical one's; nil when one of them was not timed.
  public var ratio: Double?
  /// Images a second of the fastest order with the decoder; nil when the decoder was not timed.
  public var imagesPerSecond: Double?
  /// The largest resident set of the program, both orders' weights in it.
  public var peakMemoryGibibytes: Double

  /// Makes a report of given figures; ratio and images a second follow from them.
  public init(
    size: String, precision: String, batchCount: Int, tokenCount: Int, guidance: Double,
    threadCount: Int,
    weightCount: Int, orders: [OrderTiming], decoderSecondsPerImage: Double?,
    peakMemoryGibibytes: Double
  ) {
    self.size = size
    self.precision = precision
    self.batchCount = batchCount
    self.tokenCount = tokenCount
    self.guidance = guidance
    self.threadCount = threadCount
    self.weightCount = weightCount
    self.orders = orders
    self.decoderSecondsPerImage = decoderSecondsPerImage
    self.peakMemoryGibibytes = peakMemoryGibibytes
    func seconds(_ order: String) -> Double? {
      orders.first { $0.order == order }?.secondsPerImage
    }
    if let sequential = seconds("sequential"), let hierarchical = seconds("hierarchical") {
      ratio = sequential / hierarchical
    }
    if let decoderSecondsPerImage, let fastest = orders.map(\.secondsPerImage).min() {
      imagesPerSecond = 1 / (fastest + decoderSecondsPerImage)
    }
  }
}

extension SamplingReport {
  /// A line an order, then the decoder, the ratio, and the images a second.
  public var description: String {
    func milliseconds(_ seconds: Double) -> String { String(format: "%.1f ms", 1e3 * seconds) }
    var lines = [
      String(
        format:
          "%@, %@: batch %ld, %ld tokens, guidance %g, %ld thread(s), %.2f M weights, peak %.2f GiB",
        size, precision, batchCount, tokenCount, guidance, threadCount, Double(weightCount) / 1e6,
        peakMemoryGibibytes)
    ]
    for order in orders {
      lines.append(
        "\(order.order), \(order.stepCount) steps: \(milliseconds(order.secondsPerImage)) an image")
    }
    if let decoderSecondsPerImage {
      lines.append("decoder: \(milliseconds(decoderSecondsPerImage)) an image")
    }
    if let ratio { lines.append(String(format: "sequential over hierarchical: %.2f", ratio)) }
    if let imagesPerSecond {
      lines.append(String(format: "generator and decoder: %.3f images/s", imagesPerSecond))
    }
    return lines.joined(separator: "\n")
  }
}
