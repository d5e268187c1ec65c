import ArrayFiles
import Autodiff
import Tensors
import TestSupport

/// Tensors of a file that have names and shapes alone; whoever reads elements gets none.
struct ShapedFile {
  private struct Weight: StoredTensor {
    var name: String
    var elementType = ArrayElementType.float32
    var shape: [Int]
    var origin: String { "shapes" }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
      -> Result
    {
      try body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
  }

  private var weights: [Weight]

  /// The names and shapes of the parameters that a network creates; their elements are not allocated.
  init(_ make: (ParameterScope) -> Void) {
    let arena = ParameterArena()
    make(ParameterScope(arena))
    weights = arena.parameters.map { Weight(name: $0.name, shape: $0.publishedShape) }
  }

  /// The names.
  var names: [String] { weights.map(\.name) }

  /// The shape of a tensor; setting it adds, changes or, with nil, removes the tensor.
  subscript(name: String) -> [Int]? {
    get { weights.first { $0.name == name }?.shape }
    set {
      weights.removeAll { $0.name == name }
      if let newValue { weights.append(Weight(name: name, shape: newValue)) }
    }
  }

  /// Gives a tensor another element type.
  mutating func setType(_ name: String, _ type: ArrayElementType) {
    for index in weights.indices where weights[index].name == name {
      weights[index].elementType = type
    }
  }

  /// The file.
  var file: WeightsFile { WeightsFile(weights, path: "shapes") }
}

/// The weights of an arena, which lives at least as long as this runs: parameters do not keep it alive.
func storedWeights(of arena: ParameterArena)
  -> [(name: String, isOperandAlone: Bool, values: [Double])]
{
  arena.parameters.map { ($0.name, $0.isOperandAlone, $0.value.doubles) }
}
