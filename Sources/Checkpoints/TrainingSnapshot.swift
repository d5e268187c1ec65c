public import Foundation
import Tensors

/// A training state that is written while training goes on.
///
/// Making one copies nothing but buffers, which are small and advance before the others change: its pieces, one a parameter of each array, stay in the arrays until the
/// arrays are about to change. Two threads work on it:
///
/// - The writer takes every piece once, into memory of its own, so that nobody waits for the disk.
/// - The training thread calls `secure` before the arrays change; it copies the pieces that have not
///   been taken. Such a copy is released when it has been written.
///
/// Each reads only pieces that are in their place, and writes only to its own memory; no piece is
/// copied by both. The training thread alone enters the pool of parallel loops.
public final class TrainingSnapshot: @unchecked Sendable {
  /// The arrays, one a file, in the order in which they are written.
  let files: [File]
  /// The networks with the steps that their optimizers have done.
  let networks: [CheckpointManifest.Network]
  /// Guards what is below it; signalled when a piece changes its state.
  private let condition = NSCondition()
  /// By file, then by what is in it.
  private var pieces: [Piece]
  /// The elements of pieces in their place.
  private var waitingElementCount: Int

  /// One array of a network, which becomes one file.
  struct File {
    /// Its name in the checkpoint.
    let name: String
    /// What stands where in the array.
    let layouts: [ParameterLayout]
    /// The place of its first piece.
    let firstPiece: Int
    fileprivate let array: Tensor
  }

  /// Where the elements of a piece are.
  private enum Piece {
    /// In the arrays.
    case inPlace
    /// In the arrays, from where a thread is copying them.
    case beingCopied
    /// In a copy.
    case copied(Tensor)
    /// With the writer, or no longer needed.
    case taken

    var isInPlace: Bool { if case .inPlace = self { true } else { false } }
    var isBeingCopied: Bool { if case .beingCopied = self { true } else { false } }
  }

  /// The state that the arrays of all networks have now.
  ///
  /// They may change after `secure`.
  public init(of networks: [NetworkArrays]) {
    var files: [File] = []
    var pieceCount = 0
    for network in networks {
      for kind in network.kinds {
        guard let array = network[kind] else { continue }
        let layouts = network.layouts(of: kind)
        files.append(
          File(
            name: kind.fileName(ofNetwork: network.name), layouts: layouts,
            firstPiece: pieceCount,
            array: kind == .buffers ? Tensor.copies(of: [array])[0] : array))
        pieceCount += layouts.count
      }
    }
    self.files = files
    self.networks = networks.map {
      CheckpointManifest.Network(name: $0.name, stepCount: $0.stepCount)
    }
    pieces = [Piece](repeating: .inPlace, count: pieceCount)
    waitingElementCount = files.reduce(0) { sum, file in
      file.layouts.reduce(sum) { $0 + $1.range.count }
    }
  }

  /// Elements of the largest piece.
  var largestPieceCount: Int { files.flatMap(\.layouts).map(\.range.count).max() ?? 0 }

  /// Whether nothing depends on the arrays any more.
  public var isSecured: Bool {
    condition.withLock { !pieces.contains { $0.isInPlace || $0.isBeingCopied } }
  }

  /// Makes the snapshot independent of the arrays, which may change afterwards.
  ///
  /// Copies what the writer has not taken, on all threads. Only for the thread that changes the
  /// arrays.
  ///
  /// - Parameters:
  ///   - byteCount: Where more is left, it waits for the writer to take it.
  ///   - end: When it stops waiting, a date within a century.
  /// - Returns: Whether it is independent; not when the writer has left something in its place, or
  ///   is copying it, at the end.
  @discardableResult
  public func secure(copyingAtMost byteCount: Int = .max, until end: Date? = nil) -> Bool {
    guard let indices = claimPieces(byteCount / MemoryLayout<Float>.stride, until: end) else {
      return false
    }
    let copies = Tensor.copies(of: indices.map { elements(of: $0) })
    return condition.withLock {
      for (index, copy) in zip(indices, copies) { pieces[index] = .copied(copy) }
      condition.broadcast()
      return wait(until: end) { !pieces.contains(where: \.isBeingCopied) }
    }
  }

  /// Waits, with the lock held, until something holds; false when the end came first.
  private func wait(until end: Date?, _ isSo: () -> Bool) -> Bool {
    while !isSo() {
      if let end {
        // Foundation traps on dates in the far future, so without an end it is told none.
        guard condition.wait(until: end) else { return isSo() }
      } else {
        condition.wait()
      }
    }
    return true
  }

  /// Waits until so many elements or fewer are in their place, and claims all of them; nil when the
  /// end came first.
  private func claimPieces(_ elementCount: Int, until end: Date?) -> [Int]? {
    condition.withLock {
      guard wait(until: end, { waitingElementCount <= elementCount }) else { return nil }
      let indices = pieces.indices.filter { pieces[$0].isInPlace }
      for index in indices { pieces[index] = .beingCopied }
      waitingElementCount = 0
      return indices
    }
  }

  /// Takes a piece, which is then the writer's; each once.
  ///
  /// - Parameters:
  ///   - layout: The place of its layout in the file.
  ///   - file: The file.
  ///   - staging: Memory of the writer's for the largest piece.
  /// - Returns: The elements in the engine's order: in `staging`, or in a copy.
  func take(_ layout: Int, of file: File, into staging: Tensor) -> Tensor {
    let index = file.firstPiece + layout
    let elementCount = file.layouts[layout].range.count
    if let copy = claimOrTakeCopy(index, elementCount: elementCount) { return copy }
    let source = elements(of: index)
    let staged = staging.slice(0..<source.count)
    staged.buffer.copy(from: source.buffer)
    condition.withLock {
      pieces[index] = .taken
      condition.broadcast()
    }
    return staged
  }

  /// The copy of a piece, or nil when it is in its place and now claimed.
  private func claimOrTakeCopy(_ index: Int, elementCount: Int) -> Tensor? {
    condition.withLock {
      while pieces[index].isBeingCopied { condition.wait() }
      switch pieces[index] {
      case .inPlace:
        pieces[index] = .beingCopied
        waitingElementCount -= elementCount
        return nil
      case .copied(let copy):
        pieces[index] = .taken
        return copy
      case .beingCopied, .taken:
        preconditionFailure("TrainingSnapshot: piece \(index) is taken twice")
      }
    }
  }

  /// Lets go of everything that has not been written; only for the writer.
  func release() {
    condition.withLock {
      while pieces.contains(where: \.isBeingCopied) { condition.wait() }
      for index in pieces.indices { pieces[index] = .taken }
      waitingElementCount = 0
      condition.broadcast()
    }
  }

  /// The elements of a piece where the arrays have them.
  private func elements(of index: Int) -> Tensor {
    guard let file = files.last(where: { $0.firstPiece <= index && !$0.layouts.isEmpty }) else {
      preconditionFailure("TrainingSnapshot: there is no piece \(index)")
    }
    return file.array.slice(file.layouts[index - file.firstPiece].range)
  }
}
