import ArrayFiles
import Testing

@Suite("Sizes from outside: checked before they are used")
struct ClaimedSizeTests {
  private func product<Number: BinaryInteger>(
    _ factors: [Number], atLeast least: Int = 0, limit: Int = 1000
  ) throws(SizeError) -> Int {
    try claimedSize(
      product: factors, field: "height x width x 3", of: "a.h5", atLeast: least, limit: limit)
  }

  private func sum<Number: BinaryInteger>(
    _ terms: [Number], atLeast least: Int = 0, limit: Int = 1000
  ) throws(SizeError) -> Int {
    try claimedSize(sum: terms, field: "counts", of: "a.json", atLeast: least, limit: limit)
  }

  @Test func believableNumbersAreTaken() throws {
    #expect(try claimedSize(UInt64(7), field: "n", of: "a", limit: 7) == 7)
    #expect(try claimedSize(Int8(0), field: "n", of: "a", limit: 7) == 0)
    #expect(try claimedSize(UInt64(1) << 62, field: "n", of: "a", limit: .max) == 1 << 62)
    #expect(try product([] as [Int]) == 1)
    #expect(try product([10, 10, 10]) == 1000)
    #expect(try product([0, 10]) == 0)
    #expect(try product([UInt8(200), 5]) == 1000)
    #expect(try product([Int.max], limit: .max) == .max)
    #expect(try sum([] as [Int32]) == 0)
    #expect(try sum([999, 0, 1]) == 1000)
    #expect(try sum([Int.max - 1, 1], limit: .max) == .max)
  }

  @Test(arguments: [Int.min, -1, 0, 8, 1 << 32, 1 << 62, .max])
  func otherNumbersAreRefused(number: Int) throws {
    let error = try #require(throws: SizeError.self) {
      try claimedSize(number, field: "rows", of: "a.npy", atLeast: 1, limit: 7)
    }
    #expect(
      error
        == SizeError(source: "a.npy", field: "rows", value: "\(number)", range: 1...7))
  }

  @Test func numbersBeyondIntAreRefused() {
    for number in [UInt64.max, 1 << 63] {
      #expect(throws: SizeError.self) {
        try claimedSize(number, field: "n", of: "a", limit: .max)
      }
      #expect(throws: SizeError.self) { try product([number], limit: .max) }
      #expect(throws: SizeError.self) { try product([0, number], limit: .max) }
      #expect(throws: SizeError.self) { try sum([number], limit: .max) }
    }
  }

  @Test(arguments: [
    [1001], [-1], [.min, 0], [-10, -10], [1 << 62, 4], [1 << 32, 1 << 32], [.max, .max], [0, 1001],
    [.max, 0, 2], [1 << 62, 1 << 62, 0],
  ])
  func productsThatCannotBeAreRefused(factors: [Int]) {
    #expect(throws: SizeError.self) { try product(factors) }
  }

  @Test(arguments: [
    [1001], [-1, 1], [.min, .min], [500, 501], [1 << 62, 1 << 62], [.max, 1], [-1],
    [1 << 62, 1 << 62, 1 << 62, 1 << 62],
  ])
  func sumsThatCannotBeAreRefused(terms: [Int]) {
    #expect(throws: SizeError.self) { try sum(terms) }
  }

  @Test func lessThanTheLeastIsRefused() throws {
    #expect(try product([2, 2], atLeast: 4) == 4)
    #expect(throws: SizeError.self) { try product([0, 2], atLeast: 1) }
    #expect(try sum([1], atLeast: 1) == 1)
    #expect(throws: SizeError.self) { try sum([] as [Int], atLeast: 1) }
  }

  @Test func theMessageSaysWhereAndWhatAndWhatWasExpected() throws {
    let error = try #require(throws: SizeError.self) { try product([1 << 62, 8, 3], limit: 99) }
    #expect(
      error.description
        == "a.h5: height x width x 3 is 4611686018427387904 x 8 x 3, expected 0 ... 99. "
        + error.advice)
    let many = try #require(throws: SizeError.self) { try sum([Int](repeating: 200, count: 9)) }
    #expect(many.value.hasSuffix("200 + ... (9 in all)"))
  }

  @Test func aLimitThatAllowsNothingIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) {
      _ = try claimedSize(1, field: "n", of: "a", atLeast: 2, limit: 1)
    }
  }
}
