public import ArrayFiles
public import Autodiff
import Tensors

/// The tensors of a weights file that are a model's: exactly its parameters, under their published names.
///
/// Names, shapes and types are compared before any element is read and before memory is taken for the
/// model, so a file and a configuration that do not belong together cost nothing.
public struct ModelTensors {
  /// What the file has beside the model, by what it belongs to.
  public let omitted: [OmittedTensors]
  private let path: String
  private let layouts: [ParameterLayout]
  private let tensors: [String: any StoredTensor]

  /// Finds a model's tensors in a file.
  ///
  /// - Parameters:
  ///   - file: The file, of float32, float16 or bfloat16.
  ///   - arena: The model's parameters, allocated or not.
  /// - Throws: `WeightMismatch`, which lists all missing, extra, ill-shaped and ill-typed tensors.
  public init(_ file: WeightsFile, of arena: ParameterArena) throws {
    let layouts = ParameterLayout.layouts(of: arena)
    let isAligned = layouts.contains { PublishedName.alignmentNames.contains($0.name) }
    var omitted: [OmittedTensors.Kind: [String]] = [:]
    tensors = try PublishedWeights.tensors(of: file, layouts: layouts) { key in
      switch PublishedName(of: key, isAligned: isAligned) {
      case .parameter(let name): return name
      case .omitted(let kind):
        omitted[kind, default: []].append(key)
        return nil
      }
    }
    self.omitted = OmittedTensors.Kind.allCases.compactMap { kind in
      omitted[kind].map { OmittedTensors(kind: kind, names: $0.sorted()) }
    }
    (path, self.layouts) = (file.path, layouts)
  }

  /// Reads the elements into the arena that the tensors were found for.
  ///
  /// - Parameter arena: Allocated by now; its values change only if all elements are numbers.
  /// - Throws: `NotFiniteWeights`; `ArrayFileError`.
  public func read(into arena: ParameterArena) throws {
    precondition(
      arena.isAllocated && arena.parameters.count == layouts.count,
      "ModelTensors: \(arena.parameters.count) parameters for \(layouts.count) tensors")
    for layout in layouts {
      guard try published(layout).isFinite else {
        throw NotFiniteWeights(path: path, tensor: layout.name)
      }
    }
    for layout in layouts { layout.store(try published(layout), into: arena.values) }
  }

  private func published(_ layout: ParameterLayout) throws -> Tensor {
    guard let tensor = tensors[layout.name] else {
      preconditionFailure("ModelTensors: \(layout.name) was found and is gone")
    }
    return Tensor(try tensor.floats(), shape: tensor.shape)
  }
}
