import MessagePassing
import Testing

/// The list of blocks in which ranks exchange values of any number.
@Suite struct BlockListTests {
  private static let lists: [[[UInt8]]] = [[], [[]], [[1, 2, 3]], [[], [9], [], [4, 5]]]

  @Test(arguments: lists)
  func whatIsPackedIsUnpacked(blocks: [[UInt8]]) {
    #expect(BlockList.unpack(BlockList.pack(blocks[...])) == blocks)
  }

  @Test(arguments: lists)
  func everyOtherLengthIsNone(blocks: [[UInt8]]) {
    let bytes = BlockList.pack(blocks[...])
    for count in 0..<bytes.count { #expect(BlockList.unpack(Array(bytes.prefix(count))) == nil) }
    #expect(BlockList.unpack(bytes + [0]) == nil)
  }

  @Test(arguments: [UInt64.max, 1 << 63, 1 << 62, 1 << 32, 17, 16])
  func numbersBeyondTheBytesAreNone(number: UInt64) {
    let bytes = BlockList.pack([[1, 2], [3]])
    for index in 0..<3 {
      var words = bytes
      words.replaceSubrange(
        index * 8..<index * 8 + 8, with: withUnsafeBytes(of: number) { Array($0) })
      #expect(BlockList.unpack(words) == nil, "\(number) at \(index)")
    }
  }
}
