import ArrayFiles
import Foundation
import TestSupport
import Testing

/// Damage must be refused with the program's errors, or do no harm; it must not end the process.
@Suite("PyTorch: damaged files") struct PyTorchDamageTests {
  /// Whether the bytes were taken; other errors than those of damaged files are thrown on.
  private func isTaken(_ bytes: [UInt8]) throws -> Bool {
    do {
      _ = try readAll(PyTorchFile(decoding: bytes, name: "damaged.pth"))
      return true
    } catch is ArrayFileError {
      return false
    } catch is SizeError {
      return false
    }
  }

  @Test(arguments: ["state dict, zip", "state dict, legacy", "state dict, legacy 4"])
  func cutOffAnywhereIsRefused(name: String) throws {
    let bytes = try PyTorchFixtures.file(name)
    #expect(try isTaken(bytes))
    for count in 0..<bytes.count {
      #expect(try !isTaken(Array(bytes.prefix(count))), "\(count) bytes")
    }
    for tail in [[0], [0x50, 0x4B], [UInt8](repeating: 0, count: 64)] as [[UInt8]] {
      #expect(try !isTaken(bytes + tail), "\(tail.count) bytes more")
    }
  }

  /// Every bit of an archive that belongs to an entry which is read is covered by a checksum.
  @Test func aChangedElementIsFoundInAnArchive() throws {
    let bytes = try PyTorchFixtures.file("a tensor, zip")
    let element: [UInt8] = [0, 0, 0xC0, 0x3F]
    let offset = try #require(
      bytes.indices.first { bytes[$0...].starts(with: element) })
    for bit in 0..<8 {
      var changed = bytes
      changed[offset + 2] ^= 1 << bit
      let error = try #require(throws: ArrayFileError.self) {
        try PyTorchFile(decoding: changed, name: "a.pth")
      }
      #expect(error.problem.contains("checksum"), "\(error)")
    }
  }

  /// 3000 files, each with a few places changed.
  ///
  /// A third are pickles in a new archive with the right checksums, which would stop most otherwise.
  @Test func changedFilesAreReadOrRefused() throws {
    let seeds = try PyTorchFixtures.cases().map(\.bytes)
    let refused = try PyTorchFixtures.refusals().map { [UInt8]($0.file) }
    var mutation = FileMutation(seed: 14)
    let before = peakMemory()
    var takenCount = 0
    for number in 0..<3000 {
      let seed = (seeds + refused)[number % (seeds.count + refused.count)]
      let bytes =
        number % 3 == 0 ? archive(mutation.changed(pickle(of: seed))) : mutation.changed(seed)
      if try isTaken(bytes) { takenCount += 1 }
    }
    // Most changes hit something; some only a padding or an element.
    #expect((1...1500).contains(takenCount), "\(takenCount)")
    #expect(peakMemory() - before < 1 << 30)
  }

  private func archive(_ pickle: [UInt8]) -> [UInt8] {
    StoredArchive.bytes(
      [StoredArchive.Entry("a/data.pkl", pickle)]
        + (0..<4).map { StoredArchive.Entry("a/data/\($0)", [UInt8](repeating: 0, count: 24)) })
  }

  /// The pickle of an archive of `torch.save`, which aligns it to 64 bytes; the same bytes of another.
  private func pickle(of file: [UInt8]) -> [UInt8] {
    let rest = file.dropFirst(64)
    let end = rest.indices.first { rest[$0...].starts(with: [0x50, 0x4B, 7, 8]) } ?? rest.endIndex
    return Array(rest[..<end])
  }

  /// The most memory that the process has had, in bytes.
  private func peakMemory() -> Int {
    var usage = rusage()
    #expect(getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0)
    return usage.ru_maxrss << 10
  }
}

/// Changes files the same way for the same seed.
struct FileMutation {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A copy with one to six places changed.
  mutating func changed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...number(below: 6) where !bytes.isEmpty {
      let place = number(below: bytes.count)
      let end = min(place + 1 + number(below: 8), bytes.count)
      switch number(below: 7) {
      case 0: bytes[place] ^= 1 << UInt8(number(below: 8))
      case 1: bytes[place] = UInt8(number(below: 256))
      case 2:
        let extreme: UInt8 = [0, 1, 0x7F, 0x80, 0xFF][number(below: 5)]
        for index in place..<end { bytes[index] = extreme }
      case 3: bytes.removeSubrange(place..<end)
      case 4: bytes.insert(contentsOf: bytes[place..<end], at: number(below: bytes.count))
      case 5: bytes.swapAt(place, number(below: bytes.count))
      default: bytes[place] = Array("()tQR]}aesu.hqbc\u{2}".utf8)[number(below: 17)]
      }
    }
    return bytes
  }

  /// SplitMix64.
  private mutating func number(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}
