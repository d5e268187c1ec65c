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
      arena.values.buffer[0..<3].copy(
        from: [-0.0, -.greatestFiniteMagnitude, .leastNonzeroMagnitude] as [Float])
      let state = makeState(of: arena)
      let checkpoint = try write([arrays(arena, state)], to: root)
      #expect(
        checkpoint.fileNames
          == ["ema", "first_moments", "model", "second_moments"].map { "tokenizer.\($0).h5" })
      #expect(checkpoint.manifest.networks == [.init(name: "tokenizer", stepCount: 0)])
      let read = makeArena(first: 70)
      let readState = OptimizerState(for: read)
      try checkpoint.read(into: arrays(read, readState))
      #expect(bits(read.values) == bits(arena.values))
      #expect(bits(readState.movingAverage) == bits(state.movingAverage))
      #expect(bits(readState.firstMoments) == bits(state.firstMoments))
      #expect(bits(readState.secondMoments) == bits(state.secondMoments))
    }
  }

  @Test func everyTensorIsPublishedUnderItsNameAndShape() throws {
    try withTemporaryDirectory { root in
      let arena = makeArena()
      let directory = try write([weights(arena)], to: root).directory
      let file = try HDF5File(reading: directory + "/tokenizer.model.h5")
      #expect(try file.datasetNames() == ["conv.weight", "map.weight", "norm.bias"])
      #expect(try file.dataset("conv.weight").shape == [2, 3, 1, 2])
      #expect(try file.dataset("conv.weight").read(as: Float.self) == publishedConvolution)
      #expect(try file.dataset("map.weight").shape == [3, 4, 1, 1])
    }
  }

  @Test func arraysThatAreLeftOut() throws {
    try withTemporaryDirectory { root in
      let arena = makeArena()
      let layouts = ParameterLayout.layouts(of: arena)
      let average = Tensor(repeating: 3, shape: [arena.count])
      let averaged = NetworkArrays(name: "tokenizer", arena: arena, movingAverage: average)
      #expect(averaged.kinds == [.model, .movingAverage])
      let checkpoint = try write([averaged], to: root)
      #expect(checkpoint.fileNames == ["tokenizer.ema.h5", "tokenizer.model.h5"])
      #expect(checkpoint.has(.movingAverage, ofNetwork: "tokenizer"))
      #expect(!checkpoint.has(.firstMoments, ofNetwork: "tokenizer"))
      #expect(!checkpoint.has(.model, ofNetwork: "discriminator"))
      let read = Tensor(repeating: 0, shape: [arena.count])
      try checkpoint.read(
        .movingAverage, ofNetwork: "tokenizer", into: read, layouts: layouts)
      #expect(
        layouts.allSatisfy { read.buffer[$0.range].array(of: Float.self).allSatisfy { $0 == 3 } })
      // Gaps between the parameters are not read.
      #expect(read.array(of: Float.self)[12..<16] == [0, 0, 0, 0])
      let error = try #require(throws: CheckpointError.self) {
        try checkpoint.read(into: arrays(arena, OptimizerState(for: arena)))
      }
      #expect(
        error
          == .noSuchFile(
            directory: checkpoint.directory, file: "tokenizer.first_moments.h5",
            found: ["tokenizer.ema.h5", "tokenizer.model.h5"]))
    }
  }

  @Test func aCopyIsWrittenAsItWasWhileTrainingGoesOn() async throws {
    let arena = makeArena()
    let snapshot = TrainingSnapshot(of: [arrays(arena, makeState(of: arena))])
    snapshot.secure()
    fill(arena.values, of: arena, from: -500)
    let read = makeArena(first: 5)
    let target = weights(read)
    try await Task.detached {
      try withTemporaryDirectory { root in
        try CheckpointStore(root: root)
          .write(step: 4, description: description, snapshot: snapshot)
          .read(into: target)
      }
    }.value
    #expect(bits(read.values) == bits(makeArena().values))
  }

  @Test func anotherModelIsListedFileByFileAndNothingIsRead() throws {
    try withTemporaryDirectory { root in
      let written = makeArena()
      let checkpoint = try write([averaged(written)], to: root)
      let other = makeArena(first: 5, inputSize: 6, vector: "norm.weight")
      let before = bits(other.values)
      let error = try #require(throws: WeightMismatch.self) {
        try checkpoint.read(into: averaged(other))
      }
      #expect(error.path == checkpoint.directory)
      #expect(error.missing == ["tokenizer.model.h5 norm.weight", "tokenizer.ema.h5 norm.weight"])
      #expect(error.extra == ["tokenizer.model.h5 norm.bias", "tokenizer.ema.h5 norm.bias"])
      #expect(
        error.shapes
          == ["tokenizer.model.h5 map.weight", "tokenizer.ema.h5 map.weight"].map {
            .init(name: $0, expected: [3, 6, 1, 1], found: [3, 4, 1, 1])
          })
      #expect(bits(other.values) == before)
    }
  }

  @Test func aDamagedElementIsNotUsed() throws {
    try withTemporaryDirectory { root in
      let arena = makeArena()
      let checkpoint = try write([weights(arena)], to: root)
      let path = checkpoint.directory + "/tokenizer.model.h5"
      var content = try bytes(of: path)
      // The vector begins with 24 and 25.
      let leading: [Float] = [24, 25]
      let pattern = leading.withUnsafeBytes { [UInt8]($0) }
      let place = try #require(
        content.indices.dropLast(8).first { Array(content[$0..<$0 + 8]) == pattern })
      content[place] ^= 4
      try overwrite(path, content)
      #expect(throws: CheckpointError.self) {
        try checkpoint.read(
          .model, ofNetwork: "tokenizer", into: makeArena().values,
          layouts: ParameterLayout.layouts(of: arena))
      }
    }
  }

  @Test func arraysOfAnotherArenaAreNoTrainingState() async {
    await #expect(processExitsWith: .failure) {
      _ = NetworkArrays(
        name: "tokenizer", arena: makeArena(), movingAverage: Tensor(repeating: 0, shape: [4]))
    }
  }

  private func arrays(_ arena: ParameterArena, _ state: OptimizerState) -> NetworkArrays {
    NetworkArrays(name: "tokenizer", arena, state)
  }

  private func weights(_ arena: ParameterArena) -> NetworkArrays {
    NetworkArrays(name: "tokenizer", arena: arena)
  }

  private func averaged(_ arena: ParameterArena) -> NetworkArrays {
    NetworkArrays(name: "tokenizer", arena: arena, movingAverage: arena.values)
  }

  private func write(_ networks: [NetworkArrays], to root: String) throws -> Checkpoint {
    try CheckpointStore(root: root).write(
      step: 5, description: description, networks: networks)
  }
}
