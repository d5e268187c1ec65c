import CKernels

/// Calls `body` with contiguous pieces of `0..<count`, one piece a thread of the shared pool.
///
/// Which thread gets which piece depends on the number of threads, so a body writes only to what
/// belongs to its indices. Reductions go through `parallelChunks`.
///
/// - Parameters:
///   - count: Number of indices.
///   - grain: Fewer indices than two of these are not worth a second thread.
///   - body: Called on several threads at once.
package func parallelFor(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
  guard count >= 2 * grain else {
    if count > 0 { body(0..<count) }
    return
  }
  withoutActuallyEscaping(body) { escapingBody in
    var context = escapingBody
    withUnsafeMutablePointer(to: &context) { pointer in
      CKernels_parallelFor(
        Int64(count),
        { begin, end, context in
          context?.assumingMemoryBound(to: ((Range<Int>) -> Void).self)
            .pointee(Int(begin)..<Int(end))
        }, pointer)
    }
  }
}

/// Calls `body` with each index of `0..<count` and working memory, which each thread makes for itself and
/// which is kept alive for it.
func parallelFor<Scratch>(
  _ count: Int, with makeScratch: () -> Scratch, _ body: (_ index: Int, _ scratch: Scratch) -> Void
) {
  parallelFor(count) { indices in
    let scratch = makeScratch()
    for index in indices { body(index, scratch) }
    withExtendedLifetime(scratch) {}
  }
}

/// Calls `body` with each chunk of `0..<count` and the chunk's index.
///
/// The chunks depend on `count` and `chunkSize` only, never on the number of threads, so that
/// partial results kept by chunk and combined in chunk order have the same bits everywhere.
package func parallelChunks(
  _ count: Int, chunkSize: Int, _ body: (_ chunk: Int, _ range: Range<Int>) -> Void
) {
  precondition(chunkSize > 0, "parallelChunks: chunkSize \(chunkSize) is not positive")
  parallelFor((count + chunkSize - 1) / chunkSize) { chunks in
    for chunk in chunks {
      body(chunk, chunk * chunkSize..<min(count, (chunk + 1) * chunkSize))
    }
  }
}

/// Runs `body`, whose parallel loops and calls of oneDNN stay on the calling thread.
package func onOneThread<Result>(_ body: () throws -> Result) rethrows -> Result {
  // Inside a parallel loop they do so by themselves.
  let count = CKernels_isInParallelLoop() != 0 ? 1 : threadCount
  guard count > 1 else { return try body() }
  setThreadCount(1)
  defer { setThreadCount(count) }
  return try body()
}

/// The number of threads of parallel loops, products and convolutions in this process.
public var threadCount: Int { Int(CKernels_threadCount()) }

/// Sets the number of threads; called once at the start, on the thread that computes.
public func setThreadCount(_ count: Int) {
  precondition(count > 0, "setThreadCount: \(count) is not positive")
  CKernels_setThreadCount(Int32(count))
}

/// The number of cores that this process may run on: those of its affinity mask, which a launcher that
/// binds ranks, `taskset` and a scheduler's cpuset set.
public var allowedCoreCount: Int { Int(CKernels_allowedCoreCount()) }
