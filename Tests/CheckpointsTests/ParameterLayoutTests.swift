import Autodiff
import Checkpoints
import Tensors
import Testing

@Suite struct ParameterLayoutTests {
  /// A sequence's convolution of 2 × 3 × 2 and its vector over columns, with the order of their published
  /// elements by hand.
  private static let cases: [(shape: [Int], PublishedLayout, published: [Int], order: [Float])] = [
    ([2, 3, 2], .convolution, [2, 2, 3], [0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]),
    ([3, 2], .convolutionColumns, [6], [0, 2, 4, 1, 3, 5]),
    ([2, 1, 3], .convolution, [2, 3, 1], [0, 1, 2, 3, 4, 5]),
  ]

  @Test(arguments: cases.indices)
  func sequencesArePublishedWithTheirKernelLast(index: Int) {
    let (shape, layout, published, order) = Self.cases[index]
    let arena = ParameterArena()
    _ = ParameterScope(arena).parameter("first", [3], .constant(0))
    let parameter = ParameterScope(arena).parameter(
      "second", shape, .constant(0), layout: layout)
    arena.allocate(forTraining: false)
    fill(arena.values, of: arena, from: -3)
    let described = ParameterLayout(parameter)
    let tensor = described.published(arena.values)
    #expect(tensor.shape == published)
    #expect(tensor.array() == order)
    let copy = Tensor(repeating: 0, shape: [arena.count])
    described.store(tensor, into: copy)
    let range = parameter.range
    #expect(copy.array(of: Float.self)[range] == arena.values.array(of: Float.self)[range])
  }
}
