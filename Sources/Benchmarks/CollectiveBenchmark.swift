public import DataParallel
import Foundation
public import MessagePassing
public import Reporting

/// Times the sum over ranks at several sizes, canonical and by the MPI library.
public struct CollectiveBenchmark {
  /// Sizes that are timed unless others are named, in bytes.
  public static let standardSizes = [4096, 65_536, 1 << 20, 1 << 24, 100_000_000]

  private let sizes: [Int]
  private let repetitionCount: Int

  /// What is timed.
  ///
  /// - Parameters:
  ///   - sizes: Bytes of the buffers.
  ///   - repetitionCount: Repetitions of each, whose median counts.
  /// - Throws: `CommandError.unsupported` for a size that is no positive multiple of 4 or beyond
  ///   what MPI counts.
  public init(sizes: [Int] = standardSizes, repetitionCount: Int = 5) throws {
    for size in sizes where size < 4 || size % 4 != 0 || size / 4 > Int32.max {
      throw CommandError.unsupported(
        "a buffer of \(size) bytes: expected a multiple of 4, from 4 to \(4 * Int(Int32.max))")
    }
    self.sizes = sizes
    self.repetitionCount = repetitionCount
  }

  /// Runs the sums.
  ///
  /// Collective: every rank.
  ///
  /// - Returns: The times, alike on every rank.
  /// - Throws: `CommandError.unsupported` on one rank; `MessagePassingError`.
  public func run(_ communicator: Communicator) throws -> CollectiveReport {
    guard communicator.worldSize > 1 else {
      throw CommandError.unsupported(
        "one rank sums nothing: start several, such as Launch/local.sh 2 bench collectives")
    }
    let sums = try sizes.map { size in
      try communicator.allReduceTiming(byteCount: size, repetitionCount: repetitionCount)
    }
    return CollectiveReport(
      rankCount: communicator.worldSize, hostCount: Set(communicator.hostNames).count, sums: sums)
  }
}

/// The figures of `restok bench collectives`.
public struct CollectiveReport: CommandReport, Codable, Equatable {
  /// The number of ranks.
  public var rankCount: Int
  /// The number of machines.
  public var hostCount: Int
  /// One a size.
  public var sums: [AllReduceTiming]

  /// Makes a report of given figures.
  public init(rankCount: Int, hostCount: Int, sums: [AllReduceTiming]) {
    self.rankCount = rankCount
    self.hostCount = hostCount
    self.sums = sums
  }

  /// A table: bytes, then time and rate of each kind of sum.
  public var description: String {
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.count)) + text
    }
    func line(_ columns: [String]) -> String { columns.map { right($0, 15) }.joined() }
    func pair(_ seconds: Double, _ rate: Double) -> [String] {
      [String(format: "%.1f µs", seconds * 1e6), String(format: "%.3f GB/s", rate / 1e9)]
    }
    let head = "sum of float32 over \(rankCount) ranks on \(hostCount) machine(s)"
    let titles = line(["bytes", "canonical", "", "library", ""])
    let rows = sums.map { sum in
      line(
        ["\(sum.byteCount)"] + pair(sum.canonicalSeconds, sum.canonicalBytesPerSecond)
          + pair(sum.librarySeconds, sum.libraryBytesPerSecond))
    }
    return ([head, titles] + rows).joined(separator: "\n")
  }
}
