import Foundation
public import Kernels
public import Reporting

/// The figures of `restok bench convolutions`.
public struct ConvolutionTimings: CommandReport, Codable, Equatable {
  /// The name of the configuration.
  public var size: String
  /// The type of the operands.
  public var precision: String
  /// Samples of the step.
  public var batchCount: Int
  /// Threads that computed.
  public var threadCount: Int
  /// What decides the routes.
  public var processor: ProcessorKind
  /// One a shape and direction, in the order of their first use in the step.
  public var convolutions: [ConvolutionTiming]

  /// Seconds that all convolutions of a step take by a way of multiplying; of one direction unless nil.
  public func stepSeconds(
    _ arithmetic: ConvolutionArithmetic, _ direction: ConvolutionDirection? = nil
  ) -> Double {
    convolutions.filter { direction == nil || $0.direction == direction }.reduce(0) {
      $0 + Double($1.count) * ($1[arithmetic]?.seconds ?? 0)
    }
  }

  /// A table: the convolution, how often it occurs, milliseconds and route by each way of multiplying, and the
  /// times of all.
  public var description: String {
    let head =
      "\(size), batch \(batchCount), \(precision), \(threadCount) thread(s), "
      + "processor: \(processor.rawValue)"
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    func line(_ name: String, _ columns: [String]) -> String {
      padded(name, 42) + columns.map { padded($0, 26) }.joined()
    }
    let ways = ConvolutionArithmetic.allCases
    let rows = convolutions.map { timing in
      line(
        timing.name,
        ways.map { way in
          timing[way].map { String(format: "%9.3f ms ", 1e3 * $0.seconds) + $0.route } ?? ""
        })
    }
    let directions: [ConvolutionDirection?] = ConvolutionDirection.allCases + [nil]
    let sums = directions.map { direction in
      line(
        direction?.rawValue ?? "all",
        ways.map { way in
          let (seconds, direct) = (stepSeconds(way, direction), stepSeconds(.direct, direction))
          return String(format: "%9.3f ms %.2fx", 1e3 * seconds, direct / seconds)
        })
    }
    return ([head, line("", ways.map { "             " + $0.rawValue })] + rows + sums)
      .joined(separator: "\n")
  }
}

/// A convolution of a step, and its time by each way of multiplying.
public struct ConvolutionTiming: Codable, Equatable, Sendable {
  /// What is computed.
  public var direction: ConvolutionDirection
  /// Images.
  public var batchSize: Int
  /// Rows of an image.
  public var height: Int
  /// Columns of an image.
  public var width: Int
  /// Channels of the input.
  public var inputCount: Int
  /// Channels of the output.
  public var outputCount: Int
  /// Rows and columns of the kernel.
  public var kernelSize: Int
  /// How often it occurs in the step.
  public var count: Int
  /// One a way of multiplying.
  public var choices: [Choice]

  /// A way of multiplying.
  public struct Choice: Codable, Equatable, Sendable {
    /// The way, as the configuration names it.
    public var arithmetic: ConvolutionArithmetic
    /// The route that it takes here.
    public var route: String
    /// The median time of one.
    public var seconds: Double
  }

  init(
    _ direction: ConvolutionDirection, _ shape: ConvolutionShape, count: Int, choices: [Choice]
  ) {
    self.direction = direction
    (batchSize, height, width) = (shape.batchSize, shape.height, shape.width)
    (inputCount, outputCount) = (shape.inputCount, shape.outputCount)
    kernelSize = shape.kernelHeight
    (self.count, self.choices) = (count, choices)
  }

  /// The figures of a way of multiplying.
  public subscript(arithmetic: ConvolutionArithmetic) -> Choice? {
    choices.first { $0.arithmetic == arithmetic }
  }

  var name: String {
    let sign =
      switch direction {
      case .forward: "y "
      case .inputGradient: "dx"
      case .weightGradient: "dW"
      }
    return "\(sign) \(batchSize)x\(height)x\(width) \(inputCount)→\(outputCount) "
      + "\(kernelSize)x\(kernelSize) ×\(count)"
  }
}
