import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct ImageAugmentationOperatorTests {
  private static let shapes = [[1, 1, 1, 1], [2, 3, 5, 3], [3, 4, 2, 1], [2, 7, 6, 5]]

  private static func imageShape(_ shape: [Int]) -> ImageShape {
    ImageShape(
      batchSize: shape[0], height: shape[1], width: shape[2], channelCount: shape[3])
  }

  @Test(arguments: shapes)
  func adjustedColorsMatchTheReference(shape: [Int]) {
    var numbers = TestNumbers(seed: 1)
    let amounts = [-0.5..<0.5, 0..<2, 0.5..<1.5].map { numbers.tensor([shape[0]], in: $0) }
    let (brightness, saturation, contrast) = (
      amounts[0].doubles, amounts[1].doubles, amounts[2].doubles
    )
    checkOperator(
      [numbers.tensor(shape)], "adjustColors \(shape)",
      reference: {
        ImageAugmentationReference.adjustColors(
          $0[0], brightness: brightness, saturation: saturation, contrast: contrast,
          channelCount: shape[3])
      },
      operation: {
        adjustColors(
          $1[0], brightness: amounts[0].array(), saturation: amounts[1].array(),
          contrast: amounts[2].array())
      })
  }

  /// Moves within, to the edge of and out of the image; images move apart.
  @Test(
    arguments: [
      ([2, 3, 5, 3], [-1, 2], [3, 0]), ([3, 4, 2, 1], [0, 3, -4], [-1, 1, 0]),
      ([2, 2, 2, 2], [9, 0], [0, -7]), ([1, 6, 7, 5], [0], [0]),
    ])
  func translatedImagesMatchTheReference(shape: [Int], rows: [Int], columns: [Int]) {
    var numbers = TestNumbers(seed: 2)
    checkOperator(
      [numbers.tensor(shape)], "translateImages \(shape) by \(rows), \(columns)",
      reference: {
        ImageAugmentationReference.translate(
          $0[0], rows: rows, columns: columns, shape: Self.imageShape(shape))
      },
      operation: { translateImages($1[0], rows: rows, columns: columns) })
  }

  /// Rectangles inside, over an edge, beyond the image, around it, and none.
  @Test(
    arguments: [
      ([2, 5, 7, 3], [1..<3, -2..<2], [2..<6, 5..<9]),
      ([3, 4, 3, 2], [-9 ..< -2, -1..<8, 2..<2], [0..<3, -1..<4, 0..<3]),
      ([1, 1, 1, 1], [0..<1], [0..<1]),
    ])
  func cutRectanglesMatchTheReference(shape: [Int], rows: [Range<Int>], columns: [Range<Int>]) {
    var numbers = TestNumbers(seed: 3)
    checkOperator(
      [numbers.tensor(shape)], "cutRectangles \(shape), \(rows), \(columns)",
      reference: {
        ImageAugmentationReference.cut(
          $0[0], rows: rows, columns: columns, shape: Self.imageShape(shape))
      },
      operation: { cutRectangles($1[0], rows: rows, columns: columns) })
  }

  /// The image is used by all three, so that gradients are added.
  @Test func gradientsOfSeveralUsesAdd() {
    var numbers = TestNumbers(seed: 4)
    let tape = Tape(isRecording: true)
    let x = Variable(input: numbers.tensor([1, 3, 3, 2]), on: tape)
    let same = adjustColors(x, brightness: [0.25], saturation: [1], contrast: [1])
    let moved = translateImages(x, rows: [0], columns: [0])
    let kept = cutRectangles(x, rows: [0..<0], columns: [0..<3])
    let weights = numbers.tensor([1, 3, 3, 2])
    tape.backward(from: weightedTotal(add(add(same, moved), kept), weights))
    expectClose(
      x.adjoint?.gradient?.doubles ?? [], weights.doubles.map { 3 * $0 }, tolerance: 1e-7, "sum")
  }

  /// The law: grey images have nothing to saturate, even ones nothing to contrast.
  @Test func greyAndEvenImagesKeepTheirColors() {
    let tape = Tape(isRecording: false)
    let grey = Tensor((0..<12).map { Float($0 / 3) }, shape: [1, 2, 2, 3])
    let saturated = adjustColors(
      Variable(constant: grey, on: tape), brightness: [0], saturation: [1.7], contrast: [1])
    expectClose(saturated.value.doubles, grey.doubles, tolerance: 1e-6, "grey image")
    let even = Tensor(repeating: 0.3, shape: [1, 2, 2, 3])
    let contrasted = adjustColors(
      Variable(constant: even, on: tape), brightness: [0], saturation: [1], contrast: [0.6])
    expectClose(contrasted.value.doubles, even.doubles, tolerance: 1e-6, "even image")
  }

  /// There and back leaves what never left the image.
  @Test func translationIsUndoneByItsOpposite() {
    var numbers = TestNumbers(seed: 5)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: numbers.tensor([2, 5, 6, 3]), on: tape)
    let (rows, columns) = ([2, -1], [-3, 0])
    let back = translateImages(
      translateImages(x, rows: rows, columns: columns), rows: rows.map { -$0 },
      columns: columns.map { -$0 })
    let cut = cutRectangles(
      cutRectangles(x, rows: [0..<2, 4..<5], columns: [0..<6, 0..<6]), rows: [0..<5, 0..<0],
      columns: [3..<6, 0..<0])
    #expect(back.value.array(of: Float.self) == cut.value.array())
  }

  @Test func amountsForOtherImagesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 1, shape: [2, 2, 2, 3]), on: Tape(isRecording: false))
      _ = adjustColors(x, brightness: [0, 0], saturation: [1], contrast: [1, 1])
    }
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 1, shape: [2, 2, 2, 3]), on: Tape(isRecording: false))
      _ = translateImages(x, rows: [0], columns: [0, 0])
    }
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 1, shape: [2, 2, 2, 3]), on: Tape(isRecording: false))
      _ = cutRectangles(x, rows: [0..<1, 0..<1], columns: [])
    }
  }
}
