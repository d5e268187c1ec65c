import ArrayFiles
import Autodiff
import Checkpoints
import Optimizers
import Tensors
import TestSupport
import Testing

@Suite("Training checkpoints: arena and optimizer state in HDF5")
struct TrainingCheckpointTests {
  @Test func roundTripIsBitIdentical() throws {
    try withTemporaryDirectory { root in
      let arena = makeArena(first: 0.1)
      arena.values.buffer[0..<3].copy(from: [-0.0, .nan, .leastNonzeroMagnitude] as [Float])
      let state = makeState(of: arena)
      let checkpoint = try write(TrainingArrays(arena, state), of: arena, to: root)
      #expect(
        checkpoint.fileNames == ["ema.h5", "first_moments.h5", "model.h5", "second_moments.h5"])
      let read = makeArena(first: 70)
      let readState = OptimizerState(for: read)
      try checkpoint.read(
        into: TrainingArrays(read, readState), layouts: ParameterLayout.layouts(of: read))
      #expect(bits(read.values) == bits(arena.values))
      #expect(bits(readState.movingAverage) == bits(state.movingAverage))
      #expect(bits(readState.firstMoments) == bits(state.firstMoments))
      #expect(bits(readState.secondMoments) == bits(state.secondMoments))
    }
  }

  @Test func everyTensorIsPublishedUnderItsNameAndShape() throws {
    try withTemporaryDirectory { root in
      let arena = makeArena()
      let directory = try write(TrainingArrays(values: arena.values), of: arena, to: root).directory
      let file = try HDF5File(reading: directory + "/model.h5")
      #expect(try file.datasetNames() == ["conv.weight", "map.weight", "norm.bias"])
      #expect(try file.dataset("conv.weight").shape == [2, 3, 1, 2])
      #expect(try file.dataset("conv.weight").read(as: Float.self) == publishedConvolution)
      #expect(try file.dataset("map.weight").shape == [3, 4, 1, 1])
    }
  }

  @Test func arraysThatAreLeftOut() throws {
    try withTemporaryDirectory { root in
      let (arena, layouts) = (makeArena(), ParameterLayout.layouts(of: makeArena()))
      let average = Tensor(repeating: 3, shape: [arena.count])
      let arrays = TrainingArrays(values: arena.values, movingAverage: average)
      #expect(arrays.kinds == [.model, .movingAverage])
      let checkpoint = try write(arrays, of: arena, to: root)
      #expect(checkpoint.fileNames == ["ema.h5", "model.h5"])
      let read = Tensor(repeating: 0, shape: [arena.count])
      try checkpoint.read(.movingAverage, into: read, layouts: layouts)
      #expect(
        layouts.allSatisfy { read.buffer[$0.range].array(of: Float.self).allSatisfy { $0 == 3 } })
      // Gaps between the parameters are not read.
      #expect(read.array(of: Float.self)[12..<16] == [0, 0, 0, 0])
      let error = try #require(throws: CheckpointError.self) {
        try checkpoint.read(
          into: TrainingArrays(arena, OptimizerState(for: arena)), layouts: layouts)
      }
      #expect(
        error
          == .noSuchFile(
            directory: checkpoint.directory, file: "first_moments.h5",
            found: ["ema.h5", "model.h5"]))
    }
  }

  @Test func aCopyIsWrittenAsItWasWhileTrainingGoesOn() async throws {
    let arena = makeArena()
    let layouts = ParameterLayout.layouts(of: arena)
    let snapshot = TrainingSnapshot(
      of: TrainingArrays(arena, makeState(of: arena)), layouts: layouts)
    snapshot.secure()
    fill(arena.values, of: arena, from: -500)
    let read = makeArena(first: 5)
    let target = TrainingArrays(values: read.values)
    try await Task.detached {
      try withTemporaryDirectory { root in
        try CheckpointStore(root: root)
          .write(step: 4, description: description, snapshot: snapshot)
          .read(into: target, layouts: layouts)
      }
    }.value
    #expect(bits(read.values) == bits(makeArena().values))
  }

  @Test func anotherModelIsListedFileByFileAndNothingIsRead() throws {
    try withTemporaryDirectory { root in
      let written = makeArena()
      let arrays = TrainingArrays(values: written.values, movingAverage: written.values)
      let checkpoint = try write(arrays, of: written, to: root)
      let other = makeArena(first: 5, inputSize: 6, vector: "norm.weight")
      let before = bits(other.values)
      let error = try #require(throws: WeightMismatch.self) {
        try checkpoint.read(
          into: TrainingArrays(values: other.values, movingAverage: other.values),
          layouts: ParameterLayout.layouts(of: other))
      }
      #expect(error.path == checkpoint.directory)
      #expect(error.missing == ["model.h5 norm.weight", "ema.h5 norm.weight"])
      #expect(error.extra == ["model.h5 norm.bias", "ema.h5 norm.bias"])
      #expect(
        error.shapes
          == ["model.h5 map.weight", "ema.h5 map.weight"].map {
            .init(name: $0, expected: [3, 6, 1, 1], found: [3, 4, 1, 1])
          })
      #expect(bits(other.values) == before)
    }
  }

  @Test func aDamagedElementIsNotUsed() throws {
    try withTemporaryDirectory { root in
      let arena = makeArena()
      let checkpoint = try write(TrainingArrays(values: arena.values), of: arena, to: root)
      let path = checkpoint.directory + "/model.h5"
      var content = try bytes(of: path)
      // The vector begins with 24 and 25.
      let leading: [Float] = [24, 25]
      let pattern = leading.withUnsafeBytes { [UInt8]($0) }
      let place = try #require(
        content.indices.dropLast(8).first { Array(content[$0..<$0 + 8]) == pattern })
      content[place] ^= 4
      try overwrite(path, content)
      #expect(throws: HDF5Error.self) {
        try checkpoint.read(
          .model, into: makeArena().values, layouts: ParameterLayout.layouts(of: arena))
      }
    }
  }

  @Test func arraysOfAnotherArenaAreNoTrainingState() async {
    await #expect(processExitsWith: .failure) {
      _ = TrainingArrays(
        values: Tensor(repeating: 0, shape: [8]), movingAverage: Tensor(repeating: 0, shape: [4]))
    }
  }

  private func write(_ arrays: TrainingArrays, of arena: ParameterArena, to root: String) throws
    -> Checkpoint
  {
    try CheckpointStore(root: root).write(
      step: 5, description: description, arrays: arrays,
      layouts: ParameterLayout.layouts(of: arena))
  }
}
