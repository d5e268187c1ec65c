import Datasets
import Foundation
import Synchronization
import TestSupport
import Testing

/// Large images are decoded one after the other, small ones side by side.
@Suite struct DecodingRoomTests {
  /// The beginning of a grey PNG file of 8 bits: the signature and the header, with its checksum.
  private func png(side: UInt32) -> [UInt8] {
    func bytes(_ word: UInt32) -> [UInt8] {
      [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
    }
    func checksum(_ chunk: [UInt8]) -> UInt32 {
      var sum = UInt32.max
      for byte in chunk {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB8_8320 }
      }
      return ~sum
    }
    func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
      let body = Array(name.utf8) + content
      return bytes(UInt32(content.count)) + body + bytes(checksum(body))
    }
    let signature: [UInt8] = [137, 80, 78, 71, 13, 10, 26, 10]
    let header = bytes(side) + bytes(side) + [8, 0, 0, 0, 0]
    return signature + chunk("IHDR", header) + chunk("IDAT", [])
  }

  /// The most images that were in the room at the same time, of two threads.
  ///
  /// `patience`: seconds that the first one waits for the second.
  private func mostTogether(_ room: DecodingRoom, _ file: [UInt8], patience: Double) -> Int {
    let counts = Mutex((now: 0, most: 0))
    let (both, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    for _ in 0..<2 {
      Thread {
        room.holding(file) {
          let count = counts.withLock { counts in
            counts.now += 1
            counts.most = max(counts.most, counts.now)
            return counts.now
          }
          if count == 2 { both.signal() } else { _ = both.wait(timeout: .now() + patience) }
          counts.withLock { $0.now -= 1 }
        }
        ended.signal()
      }.start()
    }
    for _ in 0..<2 { ended.wait() }
    return counts.withLock { $0.most }
  }

  @Test func largeImagesWaitForEachOther() {
    let room = DecodingRoom(byteLimit: 5 * 64 * 64)
    #expect(mostTogether(room, png(side: 64), patience: 0.2) == 1)
  }

  @Test func smallOnesDoNot() {
    let room = DecodingRoom(byteLimit: 6 * 64 * 64)
    #expect(mostTogether(room, png(side: 64), patience: 30) == 2)
    #expect(mostTogether(DecodingRoom(byteLimit: 1), Array("no image".utf8), patience: 30) == 2)
  }

  @Test func oneThatIsLargerThanTheRoomIsDecodedAlone() {
    var isDone = false
    DecodingRoom(byteLimit: 1).holding(png(side: 64)) { isDone = true }
    #expect(isDone)
  }
}
