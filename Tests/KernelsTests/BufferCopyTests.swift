import Kernels
import Testing

@Suite("Copies of buffers on all threads")
struct BufferCopyTests {
  @Test func everyElementIsCopied() {
    let counts = [0, 1, 262_144, 700_001, 17]
    let sources = counts.map { count in
      let buffer = Buffer(.float32, count: count)
      buffer.copy(from: (0..<count).map { Float($0) + Float(count) })
      return buffer
    }
    let targets = counts.map { Buffer(.float32, count: $0) }
    copyAll(sources, into: targets)
    for (source, target) in zip(sources, targets) {
      #expect(target.array(of: Float.self) == source.array(of: Float.self))
    }
  }

  @Test func otherTypesAreAMistake() async {
    await #expect(processExitsWith: .failure) {
      copyAll([Buffer(.float32, count: 4)], into: [Buffer(.int32, count: 4)])
    }
  }
}
