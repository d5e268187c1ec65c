import Foundation
import MessagePassing

/// Something that is not as it should be.
struct CheckFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Throws unless the condition holds.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw CheckFailure(message()) }
}

/// Runs checks on all ranks and prints, on rank 0, what became of each.
final class RankCheckList {
  let world: Communicator
  /// The verdicts travel apart, so that a check which leaves the ranks out of step is still told.
  private let verdicts: Communicator
  private(set) var failureCount = 0

  init(world: Communicator) throws {
    self.world = world
    verdicts = try world.duplicate()
    verdicts.deadline = .seconds(60)
  }

  /// Runs one check with a communicator of its own.
  func check(_ name: String, _ body: (Communicator) throws -> Void) throws {
    let communicator = try world.duplicate()
    communicator.deadline = .seconds(20)
    var complaint = ""
    do {
      try body(communicator)
    } catch {
      complaint = "\(error)"
    }
    let complaints = try verdicts.allGather(Array(complaint.utf8))
      .map { String(decoding: $0, as: UTF8.self) }
    let isPassed = complaints.allSatisfy(\.isEmpty)
    if !isPassed { failureCount += 1 }
    guard world.rank == 0 else { return }
    var lines = [isPassed ? "ok \(name)" : "FAILED \(name)"]
    for (rank, text) in complaints.enumerated() where !text.isEmpty {
      lines.append("  rank \(rank): \(text)")
    }
    // Not `print`, whose buffer is lost when a later check ends the process.
    FileHandle.standardOutput.write(Data((lines.joined(separator: "\n") + "\n").utf8))
  }
}
