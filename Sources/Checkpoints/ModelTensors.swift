public import ArrayFiles
public import Autodiff
public import Tensors

/// The tensors of a weights file that are a model's, or those that stand for a part of it.
///
/// Names, shapes and types are compared before any element is read and before memory is taken for the
/// model, so a file and a configuration that do not belong together cost nothing.
public struct ModelTensors {
  /// What the file has beside the model, by what it belongs to.
  public let omitted: [OmittedTensors]
  /// Keys of the file that stand for nothing in the model, sorted; those that `omitted` has are not here.
  public let unusedKeys: [String]
  private let path: String
  private let layouts: [ParameterLayout]
  private let tensors: [String: any StoredTensor]

  /// Finds a model's tensors in a file: exactly its parameters, under their published names.
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
    (path, self.layouts, unusedKeys) = (file.path, layouts, [])
  }

  /// Finds the tensors of another model's file that stand for some of a model's parameters.
  ///
  /// - Parameters:
  ///   - file: The file, of float32, float16 or bfloat16.
  ///   - arena: The model's parameters, allocated or not.
  ///   - key: The key in the file of a parameter by its name; nil for one that is not taken from it.
  /// - Throws: `WeightMismatch`, which lists all missing, ill-shaped and ill-typed tensors.
  public init(
    _ file: WeightsFile, partsOf arena: ParameterArena, key: (String) -> String?
  ) throws {
    var names: [String: String] = [:]
    layouts = ParameterLayout.layouts(of: arena).filter { layout in
      guard let key = key(layout.name) else { return false }
      names[key] = layout.name
      return true
    }
    var unused: [String] = []
    tensors = try PublishedWeights.tensors(of: file, layouts: layouts) { key in
      if names[key] == nil { unused.append(key) }
      return names[key]
    }
    (path, omitted, unusedKeys) = (file.path, [], unused.sorted())
  }

  /// Reads the elements into the arena that the tensors were found for.
  ///
  /// - Parameter arena: Allocated by now; its values change only if all elements are numbers.
  /// - Throws: `NotFiniteWeights`; `ArrayFileError`.
  public func read(into arena: ParameterArena) throws {
    precondition(arena.isAllocated, "ModelTensors: the arena is not allocated")
    for layout in layouts { _ = try finite(layout) }
    for layout in layouts { layout.store(try published(layout), into: arena.values) }
  }

  /// Reads one parameter at a time, and keeps nothing.
  ///
  /// - Parameter body: Is given each parameter's elements in the engine's order, in the order of the arena.
  /// - Throws: `NotFiniteWeights`; `ArrayFileError`; what `body` throws.
  public func forEachParameter(_ body: (ParameterLayout, Tensor) throws -> Void) throws {
    for layout in layouts { try body(layout, layout.arranged(finite(layout))) }
  }

  private func finite(_ layout: ParameterLayout) throws -> Tensor {
    let values = try published(layout)
    guard values.isFinite else { throw NotFiniteWeights(path: path, tensor: layout.name) }
    return values
  }

  private func published(_ layout: ParameterLayout) throws -> Tensor {
    guard let tensor = tensors[layout.name] else {
      preconditionFailure("ModelTensors: \(layout.name) was found and is gone")
    }
    return Tensor(try tensor.floats(), shape: tensor.shape)
  }
}
