import Autodiff
import Discriminators
import Tensors
import TestSupport
import Testing

@Suite struct DiffAugmentTests {
  private func place(
    step: Int = 0, lane: Int = 0, pass: DiscriminatorPass = .real, samples: Range<Int>,
    seed: UInt64 = 5
  ) -> DiscriminatorPlace {
    DiscriminatorPlace(seed: seed, step: step, lane: lane, pass: pass, samples: samples)
  }

  private func draws(_ place: DiscriminatorPlace, height: Int = 20, width: Int = 40)
    -> DiffAugment.Draws
  {
    DiffAugment().draws(for: place, height: height, width: width)
  }

  /// A sample's values do not depend on the lanes; which groups are on is a lane's own.
  @Test func samplesHaveTheSameDrawsOnAnyNumberOfLanes() {
    let whole = draws(place(step: 3, samples: 0..<12))
    for laneCount in [2, 3, 4, 6, 12] {
      let size = 12 / laneCount
      let parts = (0..<laneCount).map {
        draws(place(step: 3, lane: $0, samples: $0 * size..<($0 + 1) * size))
      }
      #expect(parts.flatMap(\.samples) == whole.samples, "\(laneCount) lanes")
    }
    #expect(Set(whole.samples.map(\.brightness)).count == 12)
  }

  /// Seed, step and pass each change every sample; a lane's number is none of a sample's.
  @Test func everyStepAndPassHasDrawsOfItsOwn() {
    let places = [
      place(samples: 0..<4), place(step: 1, samples: 0..<4),
      place(pass: .fake, samples: 0..<4), place(pass: .generator, samples: 0..<4),
      place(samples: 0..<4, seed: 6),
    ]
    let brightness = places.map { draws($0).samples.map(\.brightness) }
    #expect(Set(brightness.joined()).count == 20)
    #expect(draws(places[0]) == draws(places[0]))
  }

  @Test func groupsAreOnHalfOfTheTime() {
    var counts = [0, 0, 0]
    var together = 0
    for step in 0..<200 {
      for lane in 0..<2 {
        let drawn = draws(place(step: step, lane: lane, samples: 0..<1))
        let isOn = [drawn.changesColors, drawn.translates, drawn.cuts]
        for (group, isOn) in isOn.enumerated() where isOn { counts[group] += 1 }
        if isOn.allSatisfy({ $0 }) { together += 1 }
      }
    }
    for count in counts { #expect(160...240 ~= count) }
    #expect(25...80 ~= together)
  }

  /// The ends of all ranges: shifts ±(20/8 + ½ = 3) and ±(40/8 + ½ = 5); holes of 4 and 8, which are even,
  /// in the middle of 0…20 and 0…40; of 21 rows the hole is 4 too, of 25 it is 5, odd: 0…24.
  @Test func drawsReachTheEndsOfTheirRanges() {
    let samples = draws(place(samples: 0..<4000)).samples
    func ends(_ value: (DiffAugment.Sample) -> Int) -> [Int] {
      let values = samples.map(value)
      return [values.min() ?? 0, values.max() ?? 0]
    }
    #expect(ends(\.shift.row) == [-3, 3])
    #expect(ends(\.shift.column) == [-5, 5])
    #expect(ends(\.hole.row) == [0, 20])
    #expect(ends(\.hole.column) == [0, 40])
    let odd = draws(place(samples: 0..<4000), height: 25, width: 21).samples
    #expect(odd.map(\.hole.row).max() == 24)
    #expect(odd.map(\.hole.column).max() == 21)
    for (value, low, high) in [
      (\DiffAugment.Sample.brightness, Float(-0.5), Float(0.5)), (\.saturation, 0, 2),
      (\.contrast, 0.5, 1.5),
    ] {
      let values = samples.map { $0[keyPath: value] }
      #expect(values.allSatisfy { low...high ~= $0 })
      let mean = values.reduce(0, +) / 4000
      #expect(abs(mean - (low + high) / 2) < 0.02 * (high - low))
      #expect((values.min() ?? 9) < low + 0.01 && (values.max() ?? -9) > high - 0.01)
    }
  }

  /// Groups that are off leave the image as it is, whatever was drawn; on, each changes it, in their order.
  @Test func onlyGroupsThatAreOnChangeImages() {
    var numbers = TestNumbers(seed: 1)
    let images = numbers.tensor([3, 10, 12, 3], in: 0..<1)
    var drawn = draws(place(samples: 0..<3), height: 10, width: 12)
    let tape = Tape(isRecording: false)
    func augmented(_ isOn: [Bool]) -> [Float] {
      (drawn.changesColors, drawn.translates, drawn.cuts) = (isOn[0], isOn[1], isOn[2])
      return DiffAugment()(Variable(constant: images, on: tape), drawn).value.array()
    }
    let none = augmented([false, false, false])
    #expect(none == images.array())
    let each = (0..<3).map { group in augmented((0..<3).map { $0 == group }) }
    #expect(Set(each + [none]).count == 4)
    // A hole that is cut after a move stays where it is.
    drawn.samples = drawn.samples.map {
      var sample = $0
      sample.shift = .init(row: 1, column: -1)
      sample.hole = .init(row: 5, column: 5)
      return sample
    }
    let moved = augmented([false, true, true])
    // Rows 4 and 5 (size int(10·0.2 + ½) = 2), columns 4 and 5.
    for row in 0..<10 {
      for column in 0..<12 {
        let start = (row * 12 + column) * 3
        let isHole = 4...5 ~= row && 4...5 ~= column
        let isOutside = row + 1 >= 10 || column - 1 < 0
        let source = ((row + 1) * 12 + column - 1) * 3
        let expected = isHole || isOutside ? 0 : images.array(of: Float.self)[source]
        #expect(moved[start] == expected, "row \(row), column \(column)")
      }
    }
  }

  @Test func drawsForOtherImagesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let drawn = DiffAugment().draws(
        for: DiscriminatorPlace(seed: 1, step: 0, lane: 0, pass: .real, samples: 0..<3),
        height: 8, width: 8)
      _ = DiffAugment()(
        Variable(
          constant: Tensor(repeating: 1, shape: [2, 8, 8, 3]), on: Tape(isRecording: false)),
        drawn)
    }
  }
}
