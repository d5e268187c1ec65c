import ArrayFiles
import Foundation
import Testing

/// JSON from outside: whatever its depth and its numbers, it is decoded or an error.
@Suite struct JSONTextTests {
  private struct Record: Decodable {
    var step: Int?
  }

  private func decodes(_ text: String) -> Bool {
    (try? JSONText.decode(Record.self, from: Data(text.utf8))) != nil
  }

  @Test(arguments: [1, 2, 511, 512, 513, 514, 100_000])
  func nestingIsAnErrorAtAnyDepth(depth: Int) {
    for opening in ["[", "{\"step\":", "[[{\"a\":", "{\"step\": "] {
      let text = String(repeating: opening, count: depth)
      for end in ["", " ", "1", "]", "\"", "\\"] { #expect(!decodes(text + end)) }
    }
  }

  @Test func everyPrefixIsAnError() {
    let text = "{\"step\": 12, \"text\": \"\\u00e4\\n\", \"list\": [1.5e3, true, null, {}]}"
    #expect(decodes(text))
    for count in 0..<text.count { #expect(!decodes(String(text.prefix(count))), "\(count)") }
  }

  @Test(arguments: ["1e400", "9223372036854775808", "1e30", "-1e19", "0.5"])
  func numbersThatAreNoIntegersAreErrors(number: String) {
    #expect(!decodes("{\"step\": \(number)}"))
  }

  @Test func theLargestIntegerIsRead() throws {
    let text = Data("{\"step\": \(Int.max)}".utf8)
    #expect(try JSONText.decode(Record.self, from: text).step == Int.max)
  }
}
