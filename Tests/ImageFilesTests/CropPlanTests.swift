import Foundation
import ImageFiles
import Testing

/// What is decoded and resized in part is the same to the byte as the whole.
@Suite struct CropPlanTests {
  private let files: [(name: String, bytes: [UInt8])]

  init() throws {
    let cases = try Fixtures.load("decoding.json", as: Fixtures.DecodingCases.self)
    files = (cases.jpeg + cases.png).map { ($0.name, [UInt8]($0.file)) }
  }

  /// A generator with a seed, from which draws come.
  private func draw(_ state: inout UInt64, below bound: UInt32) -> UInt32 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt32((state >> 33) % UInt64(bound))
  }

  private func expectParts(
    _ name: String, _ plan: (Int, Int, (UInt32) -> UInt32) -> CropPlan
  ) throws {
    for file in files {
      let whole = try RGBImage(decoding: file.bytes, name: file.name)
      for seed in 1..<30 as Range<UInt64> {
        func seeded(_ height: Int, _ width: Int) -> CropPlan {
          var state = seed
          return plan(height, width) { draw(&state, below: $0) }
        }
        let part = try RGBImage(decoding: file.bytes, name: file.name, croppedBy: seeded)
        let expected = whole.cropped(by: seeded(whole.height, whole.width))
        #expect(part == expected, "\(name), \(file.name), \(seed)")
      }
    }
  }

  @Test func randomSquares() throws {
    for size in [1, 3, 8, 17] {
      try expectParts("\(size)") { height, width, draw in
        .admRandom(size: size, scale: 0.3...1, ofHeight: height, width: width, draw: draw)
      }
    }
  }

  @Test func resizedCrops() throws {
    for size in [1, 5, 24] {
      try expectParts("\(size)") { height, width, draw in
        var plan = CropPlan.resizedCrop(
          size: size, area: 0.02...1, ofHeight: height, width: width, draw: draw)
        plan.isMirrored = draw(2) == 1
        return plan
      }
    }
  }

  @Test func middles() throws {
    for size in [2, 7, 17, 40] {
      try expectParts("\(size)") { height, width, _ in
        .evaluation(size: size, ofHeight: height, width: width)
      }
      try expectParts("\(size)") { height, width, _ in
        .admCentre(size: size, ofHeight: height, width: width)
      }
    }
  }

  /// A part of the picture that is whole does not make a broken file sound.
  @Test func damageOutsideAPartIsDamage() throws {
    for file in files {
      let cut = Array(file.bytes.dropLast(40))
      #expect(throws: ImageError.self, "\(file.name)") {
        try RGBImage(decoding: cut, name: file.name) { height, width in
          .resizedCrop(size: 2, area: 0.02...0.02, ofHeight: height, width: width) {
            $0 == 1 << 24 ? $0 / 2 : 0
          }
        }
      }
    }
  }

  @Test func aPlanForAnotherSizeIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) {
      _ = RGBImage(height: 4, width: 5, filledWith: 0).cropped(
        by: .evaluation(size: 2, ofHeight: 5, width: 4))
    }
  }
}
