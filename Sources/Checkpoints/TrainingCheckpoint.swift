import ArrayFiles
public import Tensors

extension CheckpointStore {
  /// Writes, publishes and reads back a checkpoint of a training state.
  ///
  /// Each array of each network becomes a file `NETWORK.ARRAY.h5`, such as `tokenizer.ema.h5`, with one
  /// dataset a parameter or buffer under its published name, shape and order of elements.
  ///
  /// - Parameters:
  ///   - step: The number of finished steps.
  ///   - description: What the manifest says beside the files.
  ///   - networks: The training state, which does not change meanwhile.
  /// - Returns: The checkpoint, read back and sound.
  /// - Throws: `HDF5Error` or `FileError`, for example when the disk is full; `CheckpointError`.
  ///   Older checkpoints are as they were.
  @discardableResult
  public func write(
    step: Int, description: CheckpointDescription, networks: [NetworkArrays]
  ) throws -> Checkpoint {
    try write(step: step, description: description, snapshot: TrainingSnapshot(of: networks))
  }

  /// Writes, publishes and reads back a checkpoint of a training state while training goes on.
  ///
  /// - Parameters:
  ///   - step: The number of finished steps.
  ///   - description: What the manifest says beside the files.
  ///   - snapshot: The training state, written for the first time; nothing of it is held afterwards.
  /// - Returns: The checkpoint, read back and sound.
  /// - Throws: As for arrays that do not change.
  @discardableResult
  public func write(
    step: Int, description: CheckpointDescription, snapshot: TrainingSnapshot
  ) throws -> Checkpoint {
    // What is left of it after a failure; in the end there is nothing left.
    defer { snapshot.release() }
    return try write(
      step: step, description: description, networks: snapshot.networks
    ) { writer in
      let staging = Tensor(uninitialized: [snapshot.largestPieceCount])
      for file in snapshot.files {
        try writer.write(file: file.name) { target in
          for (index, layout) in file.layouts.enumerated() {
            let elements = snapshot.take(index, of: file, into: staging)
            let published = layout.published(elements: elements)
            try published.buffer.withUnsafeMutableBytes {
              try target.write(
                layout.name, shape: published.shape, bytes: UnsafeRawBufferPointer($0))
            }
          }
        }
      }
    }
  }
}

extension Checkpoint {
  /// Reads the training state of one network; files of arrays that are left out are not looked at.
  ///
  /// - Parameters:
  ///   - network: Its arrays' elements are overwritten, the gaps between parameters are not.
  ///   - omitted: Arrays that are not read.
  /// - Throws: `WeightMismatch`, which lists the missing, extra and ill-shaped tensors of all files,
  ///   or `CheckpointError.noSuchFile`, before any array is changed; `CheckpointError.damaged` or
  ///   `HDF5Error` when elements are not as they were written, and then the arrays are not to be
  ///   used.
  public func read(
    into network: NetworkArrays, omitting omitted: Set<NetworkArrays.Kind> = []
  ) throws {
    try read(network.kinds.filter { !omitted.contains($0) }, into: network)
  }

  /// Reads one array of a network into another, for instance the weights' moving average as the
  /// weights for sampling.
  ///
  /// - Parameters:
  ///   - kind: Which array.
  ///   - name: Whose array.
  ///   - array: A flat float32 array parallel to the arena; gaps between parameters stay.
  ///   - layouts: The layouts of the arena's parameters.
  /// - Throws: As for all arrays.
  public func read(
    _ kind: NetworkArrays.Kind, ofNetwork name: String, into array: Tensor,
    layouts: [ParameterLayout]
  ) throws {
    var mismatch = WeightMismatch(of: .checkpoint, path: directory)
    let file = fileName(of: kind, ofNetwork: name)
    try compare(file, with: layouts, &mismatch)
    try mismatch.throwIfAny()
    try readElements(of: file, into: array, layouts: layouts)
  }

  /// Reads one array of a network, one parameter at a time, and keeps nothing.
  ///
  /// - Parameters:
  ///   - kind: Which array.
  ///   - name: Whose array.
  ///   - layouts: The layouts of the network's parameters.
  ///   - body: Is given each parameter's elements in the engine's order, in the order of the layouts.
  /// - Throws: As for all arrays.
  public func forEachParameter(
    of kind: NetworkArrays.Kind, ofNetwork name: String, layouts: [ParameterLayout],
    _ body: (ParameterLayout, Tensor) throws -> Void
  ) throws {
    var mismatch = WeightMismatch(of: .checkpoint, path: directory)
    let file = fileName(of: kind, ofNetwork: name)
    try compare(file, with: layouts, &mismatch)
    try mismatch.throwIfAny()
    for layout in layouts { try body(layout, layout.arranged(elements(of: layout, in: file))) }
  }

  /// Whether there is such an array of a network.
  public func has(_ kind: NetworkArrays.Kind, ofNetwork name: String) -> Bool {
    fileNames.contains(fileName(of: kind, ofNetwork: name))
  }

  private func read(_ kinds: [NetworkArrays.Kind], into network: NetworkArrays) throws {
    var mismatch = WeightMismatch(of: .checkpoint, path: directory)
    for kind in kinds {
      try compare(
        fileName(of: kind, ofNetwork: network.name), with: network.layouts(of: kind), &mismatch)
    }
    try mismatch.throwIfAny()
    for kind in kinds {
      guard let array = network[kind] else { continue }
      try readElements(
        of: fileName(of: kind, ofNetwork: network.name), into: array,
        layouts: network.layouts(of: kind))
    }
  }

  /// The file of an array; in the first version, which held one network, it had no prefix.
  private func fileName(of kind: NetworkArrays.Kind, ofNetwork name: String) -> String {
    manifest.formatVersion == 1 ? "\(kind.rawValue).h5" : kind.fileName(ofNetwork: name)
  }

  /// Compares the names and shapes of a whole file with the model's.
  private func compare(
    _ file: String, with layouts: [ParameterLayout], _ mismatch: inout WeightMismatch
  ) throws {
    let found = try tensors(in: file).map { ($0.name, $0.shape) }
    mismatch.compare(
      Dictionary(found) { first, _ in first }, with: layouts, prefix: file + " ")
  }

  private func readElements(
    of file: String, into array: Tensor, layouts: [ParameterLayout]
  ) throws {
    for layout in layouts { layout.store(try elements(of: layout, in: file), into: array) }
  }

  /// A parameter's elements as the file has them.
  private func elements(of layout: ParameterLayout, in file: String) throws -> Tensor {
    let published = Tensor(uninitialized: layout.publishedShape)
    try published.buffer.withUnsafeMutableBytes { try read(layout.name, from: file, into: $0) }
    guard published.isFinite else {
      throw NotFiniteWeights(path: directory + "/" + file, tensor: layout.name)
    }
    return published
  }
}
