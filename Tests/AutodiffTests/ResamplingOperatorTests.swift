import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct ResamplingOperatorTests {
  /// Batch, height, width, channels; height and width of the result.
  static let resizes = [
    [1, 1, 1, 1, 2, 3], [2, 3, 1, 5, 1, 4], [1, 4, 5, 3, 6, 2], [1, 5, 4, 2, 2, 7],
    [2, 2, 3, 17, 5, 5], [1, 7, 6, 1, 3, 6], [1, 3, 7, 1, 3, 3], [1, 6, 6, 3, 6, 6],
  ]

  private func imageShape(_ sizes: [Int]) -> ImageShape {
    ImageShape(batchSize: sizes[0], height: sizes[1], width: sizes[2], channelCount: sizes[3])
  }

  @Test(arguments: resizes, Interpolation.allCases)
  func resizesMatchTheReference(sizes: [Int], interpolation: Interpolation) {
    var numbers = TestNumbers(seed: 1)
    let shape = imageShape(sizes)
    let (height, width) = (sizes[4], sizes[5])
    checkOperator(
      [numbers.tensor(Array(sizes[..<4]))], "\(interpolation) of \(sizes)",
      reference: {
        ResamplingReference.apply(
          $0[0], shape: shape, height: height, width: width,
          rowWeight: {
            ResamplingReference.resizeWeight(interpolation, $0, $1, from: shape.height, to: height)
          },
          columnWeight: {
            ResamplingReference.resizeWeight(interpolation, $0, $1, from: shape.width, to: width)
          })
      },
      operation: { resize($1[0], height: height, width: width, interpolation: interpolation) })
  }

  /// Inside, around, beside and beyond the image.
  @Test(
    arguments: [
      (0..<5, 1..<3), (-2..<6, -1..<7), (2..<7, -3..<1), (-4..<0, 0..<4), (4..<5, 6..<8),
    ], ImageBorder.allCases)
  func windowsMatchTheReference(window: (Range<Int>, Range<Int>), border: ImageBorder) {
    let (rows, columns) = window
    for (batchSize, channelCount) in [(1, 1), (2, 3), (1, 17)] {
      var numbers = TestNumbers(seed: 2)
      let shape = ImageShape(
        batchSize: batchSize, height: 5, width: 4, channelCount: channelCount)
      checkOperator(
        [numbers.tensor([batchSize, 5, 4, channelCount])],
        "window \(rows), \(columns) with \(border)",
        reference: {
          ResamplingReference.apply(
            $0[0], shape: shape, height: rows.count, width: columns.count,
            rowWeight: {
              ResamplingReference.windowWeight(
                rows.lowerBound + $0, $1, of: 5, border: border)
            },
            columnWeight: {
              ResamplingReference.windowWeight(
                columns.lowerBound + $0, $1, of: 4, border: border)
            })
        },
        operation: { imageWindow($1[0], rows: rows, columns: columns, border: border) })
    }
  }

  /// The law: a crop undoes padding to the last bit, either border; its gradient comes back alone.
  @Test(arguments: [(1, 5, 4), (2, 3, 7), (0, 2, 2), (3, 1, 4)])
  func neighbourMeansMatchTheReference(radius: Int, height: Int, width: Int) {
    var numbers = TestNumbers(seed: 12)
    let shape = ImageShape(batchSize: 2, height: height, width: width, channelCount: 3)
    func weight(_ size: Int) -> (Int, Int) -> Double {
      { output, input in
        let window = max(0, output - radius)...min(size - 1, output + radius)
        return window.contains(input) ? 1 / Double(window.count) : 0
      }
    }
    checkOperator(
      [numbers.tensor([2, height, width, 3])], "means of radius \(radius)",
      reference: {
        ResamplingReference.apply(
          $0[0], shape: shape, height: height, width: width, rowWeight: weight(height),
          columnWeight: weight(width))
      },
      operation: { neighbourMean($1[0], radius: radius) })
  }

  @Test(arguments: ImageBorder.allCases) func cropsUndoPadding(border: ImageBorder) {
    var numbers = TestNumbers(seed: 3)
    let tape = Tape(isRecording: true)
    let x = Variable(input: numbers.tensor([2, 40, 33, 7]), on: tape)
    let padded = imageWindow(x, rows: -15..<55, columns: -15..<48, border: border)
    #expect(padded.shape == [2, 70, 63, 7])
    let cropped = imageWindow(padded, rows: 15..<55, columns: 15..<48)
    #expect(cropped.value.array(of: Float.self) == x.value.array())
    let weights = numbers.tensor(x.shape)
    tape.backward(from: weightedTotal(add(cropped, cropped), weights))
    #expect(
      x.adjoint?.gradient?.array() == weights.array(of: Float.self).map { 2 * $0 })
  }

  /// A resize to an integer multiple by area repeats pixels, and the way back is the mean of them.
  @Test func areaRepeatsAndAverages() {
    var numbers = TestNumbers(seed: 4)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: numbers.tensor([2, 9, 11, 3]), on: tape)
    let large = resize(x, height: 18, width: 22, interpolation: .area)
    #expect(large.value.array(of: Float.self) == upsampleNearest2x(x).value.array())
    let back = resize(large, height: 9, width: 11, interpolation: .area)
    #expect(back.value.array(of: Float.self) == averagePool2x2(large).value.array())
  }

  @Test func theSameSizeIsTheSameVariable() {
    let tape = Tape(isRecording: true)
    let x = Variable(input: Tensor(repeating: 1, shape: [1, 4, 5, 2]), on: tape)
    for interpolation in Interpolation.allCases {
      #expect(resize(x, height: 4, width: 5, interpolation: interpolation).adjoint === x.adjoint)
    }
    #expect(imageWindow(x, rows: 0..<4, columns: 0..<5).adjoint === x.adjoint)
  }

  @Test func wrongArgumentsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 1, shape: [4, 5, 2]), on: tape)
      _ = resize(x, height: 2, width: 2, interpolation: .cubic)
    }
    await #expect(processExitsWith: .failure) {
      let tape = Tape(isRecording: false)
      let x = Variable(constant: Tensor(repeating: 1, shape: [1, 4, 5, 2]), on: tape)
      let map = AxisMap.resize(.cubic, from: 4, to: 3)
      _ = resample(x, rows: map, columns: map)
    }
  }
}
