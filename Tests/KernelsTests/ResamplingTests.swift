import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct ResamplingTests {
  @Test(arguments: GoldenResize.all) func resizesAreThoseOfPyTorch(golden: GoldenResize) {
    let shape = ImageShape(
      batchSize: 1, height: golden.inputHeight, width: golden.inputWidth, channelCount: 1)
    let y = resized(
      Tensor(golden.input, shape: [shape.elementCount]), shape,
      Resampling(
        rows: .resize(golden.interpolation, from: shape.height, to: golden.height),
        columns: .resize(golden.interpolation, from: shape.width, to: golden.width)))
    expectClose(
      y.doubles, golden.expected, tolerance: 3e-7,
      "\(golden.interpolation), \(shape) to \(golden.height)x\(golden.width)")
  }

  private func resized(_ x: Tensor, _ shape: ImageShape, _ resampling: Resampling) -> Tensor {
    let y = Tensor(
      uninitialized: [
        shape.batchSize, resampling.rows.outputSize, resampling.columns.outputSize,
        shape.channelCount,
      ])
    resampling.apply(into: y.buffer, isAdding: false, x.buffer, shape: shape)
    return y
  }

  /// The first law: weights sum to 1, for any two sizes.
  @Test(arguments: Interpolation.allCases) func resizesKeepConstants(interpolation: Interpolation) {
    for inputSize in [1, 2, 3, 5, 8, 31, 224] {
      for outputSize in [1, 2, 3, 7, 16, 33, 224] {
        let shape = ImageShape(batchSize: 1, height: inputSize, width: 1, channelCount: 2)
        let y = resized(
          Tensor(repeating: 3, shape: [2 * inputSize]), shape,
          Resampling(
            rows: .resize(interpolation, from: inputSize, to: outputSize),
            columns: .resize(interpolation, from: 1, to: 1)))
        // Roundings of each weight and each sum; the weights' magnitudes sum to at most 1.5.
        let tapCount = max(4, (4 * inputSize + outputSize - 1) / outputSize)
        let tolerance = 3 * 1.5 * Float(tapCount + 1) * 0x1p-24
        #expect(
          y.array(of: Float.self).allSatisfy { abs($0 - 3) <= tolerance },
          "\(interpolation), \(inputSize) to \(outputSize)")
      }
    }
  }

  /// The second law: a resize to the same size, and the window that is the image, change nothing.
  @Test func sameSizesAreTheIdentity() {
    for size in [1, 2, 3, 16, 37, 224] {
      for interpolation in Interpolation.allCases {
        #expect(AxisMap.resize(interpolation, from: size, to: size).isIdentity)
        #expect(!AxisMap.resize(interpolation, from: size, to: size + 1).isIdentity)
      }
      for border in ImageBorder.allCases {
        #expect(AxisMap.window(0..<size, of: size, border: border).isIdentity)
        #expect(!AxisMap.window(1..<size + 1, of: size, border: border).isIdentity || size == 1)
      }
    }
  }

  /// A map that follows another gives what both give one after the other.
  @Test func mapsThatFollowEachOtherAreOne() {
    var numbers = TestNumbers(seed: 1)
    let padding = AxisMap.window(-15..<47, of: 32, border: .edge)
    let crop = AxisMap.window(4..<59, of: 62, border: .zero)
    let stretch = AxisMap.resize(.cubic, from: 55, to: 32)
    let shape = ImageShape(batchSize: 2, height: 32, width: 3, channelCount: 5)
    let columns = AxisMap.window(0..<3, of: 3, border: .zero)
    let x = numbers.tensor([shape.elementCount])
    var (steps, between) = (x, shape)
    for map in [padding, crop, stretch] {
      steps = resized(steps, between, Resampling(rows: map, columns: columns))
      between.height = map.outputSize
    }
    let whole = padding.followed(by: crop).followed(by: stretch)
    expectClose(
      resized(x, shape, Resampling(rows: whole, columns: columns)).doubles, steps.doubles,
      tolerance: 2e-7, "padding, crop and stretch")
    #expect(padding.followed(by: .window(15..<47, of: 62, border: .zero)).isIdentity)
  }

  /// A transposed map's transpose is the map; it keeps the sums of columns of weights.
  @Test func transposesOfTransposesAreTheMaps() {
    for (inputSize, outputSize) in [(1, 5), (5, 1), (7, 12), (12, 7)] {
      for interpolation in Interpolation.allCases {
        let map = AxisMap.resize(interpolation, from: inputSize, to: outputSize)
        #expect(map.transposed.transposed == map)
        #expect(map.transposed.inputSize == outputSize && map.transposed.outputSize == inputSize)
      }
    }
  }

  /// Rows longer than a run of sums, many of them, written and added.
  @Test func bitsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 2)
    let shape = ImageShape(batchSize: 2, height: 24, width: 31, channelCount: 21)
    let x = numbers.tensor([shape.elementCount])
    for (height, width) in [(40, 15), (12, 50)] {
      let resampling = Resampling(
        rows: .resize(.cubic, from: 24, to: height),
        columns: .resize(.antialiasedCubic, from: 31, to: width))
      let results = onThreadCounts([1, 2, 3]) {
        let y = resized(x, shape, resampling)
        resampling.apply(into: y.buffer, isAdding: true, x.buffer, shape: shape)
        return y.array(of: Float.self)
      }
      #expect(results[1] == results[0])
      #expect(results[2] == results[0])
      let expected = ResamplingReference.apply(
        x.doubles, shape: shape, height: height, width: width,
        rowWeight: { ResamplingReference.resizeWeight(.cubic, $0, $1, from: 24, to: height) },
        columnWeight: {
          ResamplingReference.resizeWeight(.antialiasedCubic, $0, $1, from: 31, to: width)
        })
      expectClose(
        results[0].map(Double.init), expected.map { 2 * $0 }, tolerance: 5e-7,
        "\(height)x\(width)")
    }
  }

  @Test func sizesThatDoNotFitStopTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = AxisMap.resize(.area, from: 3, to: 0) }
    await #expect(processExitsWith: .failure) {
      _ = AxisMap.window(2..<2, of: 4, border: .edge)
    }
    await #expect(processExitsWith: .failure) {
      _ = AxisMap.resize(.area, from: 3, to: 5).followed(by: .resize(.area, from: 4, to: 3))
    }
    await #expect(processExitsWith: .failure) {
      let map = AxisMap.resize(.area, from: 2, to: 3)
      Resampling(rows: map, columns: map).apply(
        into: Buffer(.float32, count: 8), isAdding: false, Buffer(.float32, count: 4),
        shape: ImageShape(batchSize: 1, height: 2, width: 2, channelCount: 1))
    }
  }
}
