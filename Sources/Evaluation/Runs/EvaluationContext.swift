import DataParallel
import ImageFiles
public import Inference
public import MessagePassing

/// The ranks that an evaluation is shared out among, and who is told of what on the way.
public struct EvaluationContext {
  let communicator: Communicator
  let notice: Notice
  let progress: (_ doneCount: Int, _ count: Int) -> Void
  private let threadCount: Int?

  /// A context.
  ///
  /// - Parameters:
  ///   - communicator: The ranks.
  ///   - threadCount: Threads of each rank; those that the launcher gives it, or its cores, when nil.
  ///   - notice: Is told on rank 0 of what the user would want to know.
  ///   - progress: Is told on rank 0 how many images of a pass are done, of how many, from 0 on.
  public init(
    communicator: Communicator, threadCount: Int? = nil, notice: @escaping Notice = { _ in },
    progress: @escaping (_ doneCount: Int, _ count: Int) -> Void = { _, _ in }
  ) {
    (self.communicator, self.notice, self.progress) = (communicator, notice, progress)
    self.threadCount = threadCount
  }

  /// Sets the threads of this rank.
  func setThreads() {
    RankThreads.set(threadCount)
  }

  /// Whether this rank reads, puts together and answers.
  var isFirst: Bool { communicator.rank == 0 }

  /// A pass over images.
  var pass: ImagePass { ImagePass(communicator: communicator, progress: progress) }

  /// Tells of what is in folders and was not taken.
  func tell(of set: ImageSet) {
    for line in OmittedFile.summary(of: set.omitted) { notice(line) }
  }

  /// Does the work of a search for neighbours, a block after the other on each rank.
  func share(
    _ blocks: [NeighbourSearch.Block], _ work: (NeighbourSearch.Block) -> [Double]
  ) throws -> [[Double]] {
    let (rank, worldSize) = (communicator.rank, communicator.worldSize)
    let own = blocks.indices.filter { $0 % worldSize == rank }.map { work(blocks[$0]) }
    let all = try communicator.allGather(own.flatMap { $0 })
    var positions = [Int](repeating: 0, count: worldSize)
    return blocks.enumerated().map { index, block in
      let rank = index % worldSize
      let start = positions[rank]
      positions[rank] += block.points.count
      return Array(all[rank][start..<positions[rank]])
    }
  }
}
