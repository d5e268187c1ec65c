/// Bytes that one task copies.
private let copiedByteCount = 1 << 20

/// Copies each of `sources` into the target of the same place, on all threads.
public func copyAll(_ sources: [Buffer], into targets: [Buffer]) {
  precondition(
    sources.count == targets.count,
    "copyAll: \(sources.count) buffers into \(targets.count)")
  var tasks: [(source: Buffer, target: Buffer)] = []
  for (source, target) in zip(sources, targets) {
    precondition(
      source.count == target.count && source.elementType == target.elementType,
      """
      copyAll: \(source.count) of \(source.elementType) into \(target.count) of \
      \(target.elementType)
      """)
    let size = copiedByteCount / source.elementType.byteCount
    for start in stride(from: 0, to: source.count, by: size) {
      let range = start..<min(start + size, source.count)
      tasks.append((source[range], target[range]))
    }
  }
  parallelFor(tasks.count) { part in
    for task in part { tasks[task].target.copy(from: tasks[task].source) }
  }
}
