import ArrayFiles
import Autodiff
import Checkpoints
import Optimizers
import Tensors
import TestSupport
import Testing

@Suite("Checkpoints of several networks, and of the version before")
struct SeveralNetworksTests {
  /// A network of its own name and numbers, without a moving average and with buffers.
  private struct Second {
    let arena = makeArena(first: 300)
    let buffers = ParameterArena()
    let state: OptimizerState

    init(stepCount: Int = 0, buffer: Float = 0) {
      _ = ParameterScope(buffers).parameter("u", [3], .constant(0))
      _ = ParameterScope(buffers).parameter("mean", [], .constant(0))
      buffers.allocate(forTraining: false)
      fill(buffers.values, of: buffers, from: buffer)
      var state = OptimizerState(for: arena, keepsAverage: false)
      fill(state.firstMoments, of: arena, from: 77 + buffer)
      state.stepCount = stepCount
      self.state = state
    }

    var arrays: NetworkArrays {
      NetworkArrays(name: "discriminator", arena, state, buffers: buffers)
    }
  }

  private func first(_ arena: ParameterArena, _ stepCount: Int) -> NetworkArrays {
    var state = makeState(of: arena)
    state.stepCount = stepCount
    return NetworkArrays(name: "tokenizer", arena, state)
  }

  @Test func eachHasItsFilesAndSteps() throws {
    try withTemporaryDirectory { root in
      let second = Second(stepCount: 2, buffer: 9)
      let checkpoint = try CheckpointStore(root: root).write(
        step: 5, description: description, networks: [first(makeArena(), 5), second.arrays])
      #expect(
        checkpoint.fileNames
          == ["buffers", "first_moments", "model", "second_moments"]
          .map { "discriminator.\($0).h5" }
          + ["ema", "first_moments", "model", "second_moments"].map { "tokenizer.\($0).h5" })
      #expect(
        checkpoint.manifest.networks
          == [.init(name: "tokenizer", stepCount: 5), .init(name: "discriminator", stepCount: 2)])
      let (read, arena) = (Second(), makeArena(first: 1))
      try checkpoint.read(into: read.arrays)
      try checkpoint.read(into: first(arena, 0))
      #expect(bits(read.arena.values) == bits(second.arena.values))
      #expect(bits(read.state.firstMoments) == bits(second.state.firstMoments))
      #expect(bits(read.buffers.values) == bits(second.buffers.values))
      #expect(bits(arena.values) == bits(makeArena().values))
    }
  }

  /// A checkpoint as programs of the first version wrote it: files without a network's name.
  private func firstVersion(of arena: ParameterArena, in root: String) throws -> String {
    let arrays = ParameterLayout.layouts(of: arena).map {
      NamedArray(
        name: $0.name, shape: $0.publishedShape,
        elements: $0.published(arena.values).array(of: Float.self))
    }
    let directory = try CheckpointStore(root: root).write(
      step: 5, description: description, files: ["model.h5": arrays, "ema.h5": arrays]
    ).directory
    let path = directory + "/" + CheckpointManifest.fileName
    let digest = try CheckpointManifest(directory: directory).digest
    var text = String(decoding: try bytes(of: path), as: UTF8.self)
    text = text.replacing("\"format_version\" : 2", with: "\"format_version\" : 1")
    text = text.replacing(/\ +"networks" : \[[^\]]*\],\n/, with: "")
    text = text.replacing(digest, with: String(repeating: "0", count: 16))
    let content = Array(text.utf8.dropLast())
    let own = content.withUnsafeBytes { ContentDigest.of($0).hexadecimal }
    try overwrite(
      path, Array(text.replacing("\"0000000000000000\"", with: "\"\(own)\"").utf8))
    return directory
  }

  @Test func theFirstVersionIsReadAsOneNetwork() throws {
    try withTemporaryDirectory { root in
      let directory = try firstVersion(of: makeArena(first: 4), in: root)
      #expect(CheckpointVerification(of: directory).problems == [])
      let checkpoint = try Checkpoint(directory: directory)
      #expect(checkpoint.manifest.formatVersion == 1)
      let name = checkpoint.manifest.kind.rawValue
      #expect(checkpoint.manifest.networks == [.init(name: name, stepCount: 5)])
      #expect(checkpoint.manifest.stateDigest == nil)
      #expect(checkpoint.has(.movingAverage, ofNetwork: name))
      let read = makeArena()
      try checkpoint.read(into: NetworkArrays(name: name, arena: read))
      #expect(bits(read.values) == bits(makeArena(first: 4).values))
    }
  }
}
