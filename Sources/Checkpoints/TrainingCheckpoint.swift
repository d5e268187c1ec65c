import ArrayFiles
public import Tensors

extension CheckpointStore {
  /// Writes, publishes and reads back a checkpoint of a training state.
  ///
  /// Each array becomes a file, `model.h5`, `ema.h5`, `first_moments.h5` and `second_moments.h5`,
  /// with one dataset a parameter under its published name, shape and order of elements.
  ///
  /// - Parameters:
  ///   - step: The number of finished steps.
  ///   - description: What the manifest says beside the files.
  ///   - arrays: The training state, which does not change meanwhile.
  ///   - layouts: The layouts of the arena's parameters.
  /// - Returns: The checkpoint, read back and sound.
  /// - Throws: `HDF5Error` or `FileError`, for example when the disk is full; `CheckpointError`.
  ///   Older checkpoints are as they were.
  @discardableResult
  public func write(
    step: Int, description: CheckpointDescription, arrays: TrainingArrays,
    layouts: [ParameterLayout]
  ) throws -> Checkpoint {
    try write(
      step: step, description: description,
      snapshot: TrainingSnapshot(of: arrays, layouts: layouts))
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
    return try write(step: step, description: description) { writer in
      let staging = Tensor(uninitialized: [snapshot.largestPieceCount])
      for kind in snapshot.kinds {
        try writer.write(file: kind.fileName) { file in
          for (index, layout) in snapshot.layouts.enumerated() {
            let elements = snapshot.take(index, of: kind, into: staging)
            let published = layout.published(elements: elements)
            try published.buffer.withUnsafeMutableBytes {
              try file.write(
                layout.name, shape: published.shape, bytes: UnsafeRawBufferPointer($0))
            }
          }
        }
      }
    }
  }
}

extension Checkpoint {
  /// Reads a training state into its arrays; files of arrays that are left out are not looked at.
  ///
  /// - Parameters:
  ///   - arrays: Their elements are overwritten, the gaps between parameters are not.
  ///   - layouts: The layouts of the arena's parameters.
  /// - Throws: `WeightMismatch`, which lists the missing, extra and ill-shaped tensors of all files,
  ///   or `CheckpointError.noSuchFile`, before any array is changed; `CheckpointError.damaged` or
  ///   `HDF5Error` when elements are not as they were written, and then the arrays are not to be
  ///   used.
  public func read(into arrays: TrainingArrays, layouts: [ParameterLayout]) throws {
    try require(arrays.kinds, layouts: layouts)
    for kind in arrays.kinds {
      guard let array = arrays[kind] else { continue }
      try readElements(of: kind, into: array, layouts: layouts)
    }
  }

  /// Reads one array of a training state, for instance the weights' moving average for sampling.
  ///
  /// - Parameters:
  ///   - kind: Which array.
  ///   - array: A flat float32 array parallel to the arena; gaps between parameters stay.
  ///   - layouts: The layouts of the arena's parameters.
  /// - Throws: As for all arrays.
  public func read(
    _ kind: TrainingArrays.Kind, into array: Tensor, layouts: [ParameterLayout]
  ) throws {
    try require([kind], layouts: layouts)
    try readElements(of: kind, into: array, layouts: layouts)
  }

  /// Compares the names and shapes of whole files with the model's.
  private func require(_ kinds: [TrainingArrays.Kind], layouts: [ParameterLayout]) throws {
    var mismatch = WeightMismatch(of: .checkpoint, path: directory)
    for kind in kinds {
      let found = try tensors(in: kind.fileName).map { ($0.name, $0.shape) }
      mismatch.compare(
        Dictionary(found) { first, _ in first }, with: layouts, prefix: kind.fileName + " ")
    }
    try mismatch.throwIfAny()
  }

  private func readElements(
    of kind: TrainingArrays.Kind, into array: Tensor, layouts: [ParameterLayout]
  ) throws {
    for layout in layouts {
      let published = Tensor(uninitialized: layout.publishedShape)
      try published.buffer.withUnsafeMutableBytes {
        try read(layout.name, from: kind.fileName, into: $0)
      }
      layout.store(published, into: array)
    }
  }
}
