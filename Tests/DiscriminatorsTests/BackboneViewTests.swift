import Autodiff
import Discriminators
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct BackboneViewTests {
  /// Smaller, larger, of the size itself, and larger on one side alone; windows at both ends.
  private static let cases: [([Int], Int, BackboneView, Interpolation)] = [
    ([2, 4, 4, 2], 7, .whole, .cubic), ([1, 9, 8, 3], 5, .whole, .area),
    ([1, 6, 6, 1], 6, .whole, .cubic), ([1, 9, 4, 2], 5, .whole, .cubic),
    ([2, 9, 5, 1], 5, .whole, .cubic), ([2, 9, 8, 2], 5, .window(row: 0, column: 3), .area),
    ([1, 9, 8, 2], 5, .window(row: 4, column: 1), .area),
    ([1, 5, 5, 2], 5, .window(row: 0, column: 0), .area),
  ]

  @Test(arguments: cases.indices)
  func viewsMatchTheReference(index: Int) {
    let (shape, size, view, interpolation) = Self.cases[index]
    var numbers = TestNumbers(seed: 1)
    let images = ImageShape(
      batchSize: shape[0], height: shape[1], width: shape[2], channelCount: shape[3])
    func weight(_ axis: Int) -> (Int, Int) -> Double {
      switch view {
      case .whole:
        {
          ResamplingReference.resizeWeight(
            interpolation, $0, $1, from: shape[axis], to: size)
        }
      case .window(let row, let column):
        { $1 == $0 + (axis == 1 ? row : column) ? 1 : 0 }
      }
    }
    checkOperator(
      [numbers.tensor(shape)], "\(view) of \(shape) to \(size)",
      reference: {
        ResamplingReference.apply(
          $0[0], shape: images, height: size, width: size, rowWeight: weight(1),
          columnWeight: weight(2))
      },
      operation: { view($1[0], size: size) })
  }

  /// About half of all passes see a window, whose places reach both ends; each (lane, pass, step) has its
  /// own, and samples have no part in it.
  @Test func viewsAreDrawnByLaneAndPass() {
    var windows: [(row: Int, column: Int)] = []
    var views: [BackboneView] = []
    for step in 0..<100 {
      for lane in 0..<2 {
        for pass in DiscriminatorPass.allCases {
          let place = DiscriminatorPlace(
            seed: 7, step: step, lane: lane, pass: pass, samples: lane * 4..<lane * 4 + 4)
          let view = BackboneView.drawn(for: place, height: 10, width: 9, size: 8)
          views.append(view)
          if case .window(let row, let column) = view { windows.append((row, column)) }
          let other = DiscriminatorPlace(
            seed: 7, step: step, lane: lane, pass: pass, samples: 90..<99)
          #expect(view == BackboneView.drawn(for: other, height: 10, width: 9, size: 8))
        }
      }
    }
    #expect(240...360 ~= windows.count)
    for row in 0...2 { #expect(windows.count(where: { $0.row == row }) > 50) }
    for column in 0...1 { #expect(windows.count(where: { $0.column == column }) > 90) }
    #expect(windows.allSatisfy { 0...2 ~= $0.row && 0...1 ~= $0.column })
    let passes = (0..<3).map { pass in stride(from: pass, to: views.count, by: 3).map { views[$0] }
    }
    #expect(passes[0] != passes[1] && passes[1] != passes[2] && passes[0] != passes[2])
  }

  @Test func imagesThatDoNotExceedTheInputAreSeenWhole() {
    for step in 0..<50 {
      let place = DiscriminatorPlace(seed: 1, step: step, lane: 0, pass: .real, samples: 0..<2)
      for (height, width) in [(8, 8), (8, 20), (20, 8), (3, 3)] {
        #expect(
          BackboneView.drawn(for: place, height: height, width: width, size: 8) == .whole)
      }
    }
  }

  @Test func aWindowBeyondTheImagesStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 1, shape: [1, 6, 6, 3]), on: Tape(isRecording: false))
      _ = BackboneView.window(row: 2, column: 0)(x, size: 5)
    }
  }
}
