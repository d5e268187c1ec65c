import ArrayFiles
import Foundation
import Kernels
public import MessagePassing
import Reporting

/// The ranks that share out a large output, and who is told of what on the way.
public struct OutputContext {
  let communicator: Communicator
  let notice: Notice
  let progress: (_ doneCount: Int, _ count: Int) -> Void

  /// A context.
  ///
  /// - Parameters:
  ///   - communicator: The ranks; they have to share the file system of the output.
  ///   - notice: Is told on rank 0 of what the user would want to know.
  ///   - progress: Is told on rank 0 how many of its images are done, of how many, from 0 on for each output.
  public init(
    communicator: Communicator = .single(), notice: @escaping Notice = { _ in },
    progress: @escaping (_ doneCount: Int, _ count: Int) -> Void = { _, _ in }
  ) {
    (self.communicator, self.notice, self.progress) = (communicator, notice, progress)
  }

  var isFirst: Bool { communicator.rank == 0 }

  /// Tells something once.
  package func tell(_ text: String) { if isFirst { notice(text) } }
}

/// Makes an output in blocks on all ranks.
///
/// Blocks that an earlier command has finished are kept, if their records say that they would come out the same. The
/// bytes of the output depend neither on the number of ranks nor on how often it was begun.
package struct SharedOutput {
  private let parts: OutputParts
  private let context: OutputContext
  private var communicator: Communicator { context.communicator }

  /// What the bits of all networks depend on beside weights and input.
  package static var programFacts: [String: String] {
    let libraries = MathLibraries.current
    return libraryVersions.merging(
      ["threads": "\(threadCount)", "instructions": libraries.oneDNNInstructionSet],
      uniquingKeysWith: { $1 })
  }

  /// The same, with how a tokenizer's convolutions are computed.
  package static func programFacts(of tokenizer: LoadedTokenizer) -> [String: String] {
    programFacts.merging(
      ["arithmetic": tokenizer.convolutions.rawValue], uniquingKeysWith: { $1 })
  }

  /// Removes the parts of an output that was finished by a command that was killed before it could.
  ///
  /// - Throws: `OutputStageHeld`, `FileError`.
  package static func removeParts(of destination: String) throws {
    try OutputStage(for: destination, kind: OutputParts.stageKind, isFirst: true).remove()
  }

  /// Checks that the output can be written, and takes its place.
  ///
  /// Collective: every rank, with the same plan.
  ///
  /// - Throws: `CommandError`, `OutputStageHeld`, `FileError`, and the errors of ranks.
  package init(_ plan: OutputPlan, _ context: OutputContext) throws {
    self.context = context
    if context.isFirst { try Self.check(plan, context) }
    let first = try context.isFirst ? OutputParts(plan, isFirst: true, context.notice) : nil
    try context.communicator.barrier()
    parts = try first ?? OutputParts(plan, isFirst: false, context.notice)
    let digests = try communicator.allGather(Array(parts.digest.utf8))
    if let rank = digests.firstIndex(where: { $0 != digests[0] }) {
      throw CommandError.unfitData(
        "rank \(rank) has found other files or weights than rank 0, or computes in another way: start all "
          + "ranks where they see the same, with as many threads, and name a checkpoint instead of a run "
          + "that is saving")
    }
    try requireSharedFolder()
  }

  private static func check(_ plan: OutputPlan, _ context: OutputContext) throws {
    do {
      try plan.check()
    } catch let error as CommandError {
      if case .outputExists(let folder) = error,
        OutputStage.removeLeftover(of: folder, kind: OutputParts.stageKind)
      {
        context.notice(
          "\(folder) is whole: a command has finished it and was ended before it had cleaned up, which is done now"
        )
      }
      throw error
    }
  }

  /// All ranks write into one folder: each has to see what rank 0 writes there.
  private func requireSharedFolder() throws {
    let own = context.isFirst ? UInt64.random(in: .min ... .max) : 0
    let mark = try communicator.broadcast([own], root: 0)[0]
    if context.isFirst { try parts.stage.write(["mark": mark], as: "mark") }
    try communicator.barrier()
    let seen = parts.stage.record("mark", as: [String: UInt64].self)?["mark"]
    let all = try communicator.allGather([seen == mark])
    if let rank = all.firstIndex(where: { !$0[0] }) {
      throw CommandError.unsupported(
        "--output \(parts.plan.destination): rank \(rank) does not see what rank 0 writes there: name a place "
          + "on a file system that all ranks share, or run on one host")
    }
  }

  /// Makes what is missing, and puts everything together.
  ///
  /// Collective: every rank.
  ///
  /// - Parameter make: Makes the images of a block.
  /// - Returns: The records of all blocks.
  /// - Throws: What `make` throws, the errors of files and ranks.
  package func run(_ make: (Range<Int>) throws -> BlockContent) throws -> [BlockRecord] {
    do {
      try makeMissing(make)
      try communicator.barrier()
      let records = try parts.plan.blocks.indices.map { index in
        guard let record = parts.stage.record(OutputParts.name(index), as: BlockRecord.self) else {
          throw CommandError.unfitData(
            "\(parts.stage.folder): a part that was just made is gone: start the same command again, and it "
              + "makes what is missing")
        }
        return record
      }
      // Nobody looks at the records any more when they are removed.
      try communicator.barrier()
      if context.isFirst { try parts.publish(records) }
      return records
    } catch {
      if communicator.worldSize == 1, parts.hasNothingFinished { parts.stage.remove() }
      throw error
    }
  }

  private func makeMissing(_ make: (Range<Int>) throws -> BlockContent) throws {
    let (rank, worldSize) = (communicator.rank, communicator.worldSize)
    let blocks = parts.plan.blocks
    // What is finished is looked at by all ranks, for it is read again from its beginning to its end.
    let finished = try communicator.allGather(
      stride(from: rank, to: blocks.count, by: worldSize).map {
        parts.record(ofBlock: $0) != nil
      })
    let missing = blocks.indices.filter { !finished[$0 % worldSize][$0 / worldSize] }
    if missing.count < blocks.count {
      context.tell(
        "going on: \(blocks.count - missing.count) of \(blocks.count) parts are finished already")
    }
    let own = missing.enumerated().filter { $0.offset % worldSize == rank }.map(\.element)
    let count = own.reduce(0) { $0 + blocks[$1].count }
    var doneCount = 0
    if context.isFirst { context.progress(0, count) }
    for index in own {
      try parts.write(try make(blocks[index]), ofBlock: index)
      doneCount += blocks[index].count
      if context.isFirst { context.progress(doneCount, count) }
    }
  }
}
