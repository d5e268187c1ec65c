/// Keeps the blocks that were used last, up to a total weight.
struct BlockCache<Block> {
  private struct Entry {
    var block: Block
    var weight: Int
    var lastUse: Int
  }

  private let capacity: Int
  private var entries: [Int: Entry] = [:]
  private var weight = 0
  private var clock = 0

  /// A cache that keeps one block at least, and more up to the capacity.
  init(capacity: Int) {
    self.capacity = capacity
  }

  /// The block of a number, loaded if it is not there.
  mutating func block(
    _ number: Int, weight weigh: (Block) -> Int, load: () throws(DataError) -> Block
  ) throws(DataError) -> Block {
    clock += 1
    if let entry = entries[number] {
      entries[number]?.lastUse = clock
      return entry.block
    }
    let block = try load()
    let entry = Entry(block: block, weight: weigh(block), lastUse: clock)
    weight += entry.weight
    // Few entries: looking for the oldest one costs nothing beside a read from the disk.
    while weight > capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      entries[oldest.key] = nil
      weight -= oldest.value.weight
    }
    entries[number] = entry
    return block
  }
}
