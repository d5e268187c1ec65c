import ArrayFiles
public import Autodiff
public import Tensors

/// A model's weights as one file under their published names; what is written is safetensors.
///
/// Source: Docs/Method.md, section 7; Docs/PublishedWeights.md, section 1.
public enum PublishedWeights {
  /// Reads a file into the values of an arena.
  ///
  /// - Parameters:
  ///   - path: The file, in any format that `WeightsFile` reads, of float32, float16 or bfloat16.
  ///   - arena: An allocated arena; its values change only if the file is right as a whole.
  /// - Returns: What the file has beside the model.
  /// - Throws: `WeightMismatch`, which lists all missing, extra, ill-shaped and ill-typed tensors;
  ///   `NotFiniteWeights`; `ArrayFileError` or `FileError` when the file is malformed or cannot be read.
  public static func read(_ path: String, into arena: ParameterArena) throws -> [OmittedTensors] {
    precondition(arena.isAllocated, "PublishedWeights: the arena is not allocated")
    let tensors = try ModelTensors(WeightsFile(contentsOf: path), of: arena)
    try tensors.read(into: arena)
    return tensors.omitted
  }

  /// The published name of a key of a file: the key without what programs put before every name.
  public static func name(of key: String) -> String { PublishedName.unwrapped(key) }

  /// The file's tensors by published name: exactly those of the layouts, all readable.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - layouts: The tensors that there must be.
  ///   - publishedName: The name that a key of the file stands for; nil for one that is passed over.
  /// - Returns: The tensors.
  /// - Throws: `WeightMismatch`.
  static func tensors(
    of file: WeightsFile, layouts: [ParameterLayout], publishedName: (String) -> String?
  ) throws -> [String: any StoredTensor] {
    var mismatch = WeightMismatch(of: .weightFile, path: file.path)
    var tensors: [String: any StoredTensor] = [:]
    for tensor in file.tensors {
      let key = tensor.name
      guard let name = publishedName(key) else { continue }
      if tensors[name] != nil {
        // The name with and without its prefix: which of the two is meant nobody can tell.
        mismatch.extra.append(key)
        continue
      }
      tensors[name] = tensor
      if ![.float32, .float16, .bfloat16].contains(tensor.elementType) {
        mismatch.elementTypes.append(.init(name: name, found: "\(tensor.elementType)"))
      }
    }
    mismatch.compare(tensors.mapValues { $0.shape }, with: layouts, prefix: "")
    try mismatch.throwIfAny()
    return tensors
  }

  /// Writes an array of weights, the values or their moving average, as float32.
  ///
  /// - Parameters:
  ///   - array: A flat float32 array parallel to the arena.
  ///   - layouts: The layouts of the arena's parameters.
  ///   - metadata: Text for the file's header.
  ///   - path: Where the file goes: it appears whole or not at all.
  /// - Throws: `FileError`, for example when the disk is full; then an old file is as it was.
  public static func write(
    _ array: Tensor, layouts: [ParameterLayout], metadata: [String: String] = ["format": "pt"],
    to path: String
  ) throws {
    let tensors = layouts.map { layout in
      SafetensorsTensor(
        layout.name, layout.published(array).array(of: Float.self), shape: layout.publishedShape)
    }
    try SafetensorsFile.write(tensors, metadata: metadata, to: path)
  }
}
