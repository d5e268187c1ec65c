import Autodiff
import Kernels
import Optimizers
import Tensors
import TestSupport
import Testing

@Suite struct AdamWTests {
  private func arena(_ parameters: [(String, [Int])]) -> ParameterArena {
    let arena = ParameterArena()
    for (name, shape) in parameters {
      _ = ParameterScope(arena).parameter(name, shape, .normal(standardDeviation: 1))
    }
    arena.allocate(forTraining: true)
    arena.initialize(seed: 5)
    return arena
  }

  /// The numbers of Tests/Scripts/adamw_trajectory.py.
  private func numbers(_ count: Int, seed: Int, unit: Float) -> [Float] {
    (0..<count).map { Float(($0 * 37 + seed * 11) % 64 - 32) * unit }
  }

  @Test func followsPyTorchsTrajectory() {
    let arena = arena([("matrix.weight", [3, 7]), ("matrix.bias", [5]), ("norm.weight", [2, 3])])
    for (k, parameter) in arena.parameters.enumerated() {
      parameter.value.buffer.copy(from: numbers(parameter.elementCount, seed: k, unit: 1 / 64))
    }
    let optimizer = AdamW(
      .init(weightDecay: 0.1, gradientNormLimit: 4, averageDecay: 0.3), for: arena)
    var state = OptimizerState(for: arena)
    for (step, rate) in [0, 5e-3, 1e-2, 7.5e-3, 2.5e-3].enumerated() {
      for (k, parameter) in arena.parameters.enumerated() {
        parameter.gradient.buffer.copy(
          from: numbers(parameter.elementCount, seed: 3 * step + k + 5, unit: 1 / 16))
      }
      let norm = squaredNorm(of: arena.gradients).squareRoot()
      #expect(abs(norm / AdamWTrajectory.norms[0][step] - 1) < 1e-6)
      optimizer.step(
        arena, state: &state, rate: rate,
        gradientFactor: optimizer.configuration.clipFactor(gradientNorm: norm))
      let values = arena.parameters.flatMap(\.value.doubles)
      let averages = arena.parameters.flatMap { parameter in
        state.average.slice(parameter.range).doubles
      }
      expectClose(values, AdamWTrajectory.values[step], tolerance: 1e-7, "values, step \(step)")
      expectClose(
        averages, AdamWTrajectory.averages[step], tolerance: 1e-7, "averages, step \(step)")
    }
    #expect(state.stepCount == 5)
  }

  @Test(arguments: [1, 3, 17, 33, 16_384, 50_001])
  func followsTheFormulasAtEverySize(count: Int) {
    let arena = arena([("layer.weight", [1, count])])
    var references = arena.parameters[0].value.doubles.map(AdamWReference.init)
    let optimizer = AdamW(.init(epsilon: 1e-3, weightDecay: 0.5), for: arena)
    var state = OptimizerState(for: arena)
    for step in 1...3 {
      let gradients = Tensor.normal([count], key: RandomKey(seed: 1, purpose: .test, step: step))
      arena.parameters[0].gradient.buffer.copy(from: gradients.buffer)
      optimizer.step(arena, state: &state, rate: 0.01)
      for (i, gradient) in gradients.doubles.enumerated() {
        references[i].step(
          count: step, gradient: gradient, rate: 0.01, decay: 0.5, betas: (0.9, 0.95),
          epsilon: 1e-3, averageDecay: step == 1 ? 0 : Double(step) / Double(step + 9))
      }
    }
    expectClose(
      arena.parameters[0].value.doubles, references.map(\.value), tolerance: 3e-7, "values")
    expectClose(
      state.average.slice(0..<count).doubles, references.map(\.average), tolerance: 3e-7,
      "averages")
    expectClose(
      state.secondMoments.slice(0..<count).doubles, references.map(\.secondMoment),
      tolerance: 3e-7, "second moments")
  }

  /// A state without a moving average moves the weights by the same bits.
  @Test(arguments: [false, true], [1, 17, 50_001])
  func theAverageCanBeLeftOut(isMixed: Bool, count: Int) {
    let results = [true, false].map { keepsAverage in
      let arena = ParameterArena()
      _ = ParameterScope(arena).parameter("layer.weight", [1, count], .constant(0.5))
      arena.allocate(forTraining: true, operandType: isMixed ? .bfloat16 : .float32)
      arena.initialize(seed: 1)
      let optimizer = AdamW(.init(), for: arena)
      var state = OptimizerState(for: arena, keepsAverage: keepsAverage)
      for step in 0..<3 {
        arena.gradients.fillNormal(
          standardDeviation: 1, key: RandomKey(seed: 1, purpose: .test, step: step))
        optimizer.step(arena, state: &state, rate: 0.01)
      }
      #expect((state.movingAverage == nil) == !keepsAverage)
      return [arena.values, state.firstMoments, state.secondMoments].map {
        $0.array(of: Float.self).map(\.bitPattern)
      } + [arena.operands?.buffer.widened.array(of: Float.self).map(\.bitPattern) ?? []]
    }
    #expect(results[0] == results[1])
  }

  /// The bfloat16 copy follows the values in the same pass, and the values do not feel it.
  @Test(arguments: [1, 17, 50_001]) func refreshesTheOperands(count: Int) {
    let arenas = [ElementType.float32, .bfloat16].map { operandType in
      let arena = ParameterArena()
      _ = ParameterScope(arena).parameter(
        "layer.weight", [1, count], .normal(standardDeviation: 1))
      arena.allocate(forTraining: true, operandType: operandType)
      arena.initialize(seed: 5)
      let gradients = Tensor.normal([count], key: RandomKey(seed: 1, purpose: .test))
      arena.parameters[0].gradient.buffer.copy(from: gradients.buffer)
      var state = OptimizerState(for: arena)
      AdamW(.init(), for: arena).step(arena, state: &state, rate: 0.01)
      return arena
    }
    let values = arenas.map { $0.values.array(of: Float.self) }
    #expect(values[0] == values[1])
    #expect(arenas[0].operands == nil)
    let operands = arenas[1].operands?.buffer.widened.array(of: Float.self)
    #expect(operands == arenas[1].values.buffer.rounded.widened.array(of: Float.self))
  }

  @Test func decayFollowsThePublishedNames() {
    let decayed = [
      "encoder.blocks.0.attn.qkv.weight", "encoder.blocks.0.mlp.fc1.weight", "decoder.ffn.weight",
      "pixel_encoder.conv_in.weight", "layers.0.attention.wqkv.weight", "output.weight",
      "vf_proj.weight",
    ]
    let undecayed = [
      "encoder.ln_pre.weight", "encoder.patch_embed.weight", "decoder.latent_mask_token",
      "decoder.mask_token", "decoder.decoder_embed.0.weight", "quantize.embedding.weight",
      "encoder.level_embedding.0", "encoder.blocks.0.gamma_1", "encoder.blocks.0.attn.q_bias",
      "cls_embedding.embedding_table.weight", "tok_embeddings.weight", "norm.weight",
    ]
    for name in decayed {
      #expect(AdamW.isDecayed(name: name, axisCount: 2), "\(name)")
      #expect(AdamW.isDecayed(name: name, axisCount: 4), "\(name)")
      #expect(!AdamW.isDecayed(name: name, axisCount: 1), "\(name)")
    }
    for name in undecayed { #expect(!AdamW.isDecayed(name: name, axisCount: 2), "\(name)") }
  }

  /// With gradients of zero, decay is all that moves.
  @Test func decayReachesExactlyTheDecayedParameters() {
    let arena = arena([
      ("a.weight", [3, 5]), ("a.bias", [3]), ("b.weight", [40]), ("c.weight", [2, 9]),
      ("d.weight", [7, 7]), ("e.norm.weight", [2, 2]),
    ])
    let before = arena.parameters.map { $0.value.array(of: Float.self) }
    var state = OptimizerState(for: arena)
    AdamW(.init(weightDecay: 0.5), for: arena).step(arena, state: &state, rate: 0.5)
    for (parameter, values) in zip(arena.parameters, before) {
      let factor: Float = ["a.weight", "c.weight", "d.weight"].contains(parameter.name) ? 0.75 : 1
      #expect(parameter.value.array(of: Float.self) == values.map { $0 * factor })
    }
  }

  /// Axes are counted in the published tensor: a matrix there decays though it is a vector here.
  @Test func decayCountsThePublishedAxes() {
    let arena = ParameterArena()
    let scope = ParameterScope(arena)
    let matrix = scope.parameter("a", [4], .constant(1), layout: .same(shape: [1, 4]))
    let vector = scope.parameter("b", [2, 2], .constant(1), layout: .same(shape: [4]))
    arena.allocate(forTraining: true)
    arena.initialize(seed: 1)
    var state = OptimizerState(for: arena)
    AdamW(.init(weightDecay: 0.5), for: arena).step(arena, state: &state, rate: 1)
    #expect(matrix.value.array(of: Float.self) == [0.5, 0.5, 0.5, 0.5])
    #expect(vector.value.array(of: Float.self) == [1, 1, 1, 1])
  }

  /// Everything after some steps, for comparing bits.
  private func bits(threads: Int, shares: [Range<Int>]? = nil) -> [[UInt32]] {
    setThreadCount(threads)
    let arena = arena([("a.weight", [301, 99]), ("a.bias", [301]), ("b.weight", [257, 64])])
    let optimizer = AdamW(.init(weightDecay: 0.1), for: arena)
    var states = (shares ?? [0..<arena.count]).map { OptimizerState(for: arena, range: $0) }
    for step in 0..<4 {
      for (k, parameter) in arena.parameters.enumerated() {
        parameter.gradient.fillNormal(
          standardDeviation: 1, key: RandomKey(seed: 7, purpose: .test, step: step, index: k))
      }
      let norm = squaredNorm(of: arena.gradients).squareRoot()
      let factor = optimizer.configuration.clipFactor(gradientNorm: norm)
      for k in states.indices {
        optimizer.step(arena, state: &states[k], rate: 1e-2, gradientFactor: factor)
      }
    }
    let arrays = [
      arena.values.array(of: Float.self), states.flatMap { $0.firstMoments.array(of: Float.self) },
      states.flatMap { $0.secondMoments.array(of: Float.self) },
      states.flatMap { $0.average.array(of: Float.self) },
    ]
    return arrays.map { $0.map(\.bitPattern) }
  }

  @Test func bitsDependNeitherOnThreadsNorOnShares() {
    let threads = threadCount
    defer { setThreadCount(threads) }
    let alone = bits(threads: 1)
    #expect(alone == bits(threads: 2))
    let count = alone[0].count
    #expect(alone == bits(threads: 2, shares: [0..<1001, 1001..<30_000, 30_000..<count]))
  }

  @Test func gapsStayZero() {
    let arena = arena([("a.weight", [3, 3]), ("b.weight", [17])])
    var state = OptimizerState(for: arena)
    let optimizer = AdamW(.init(weightDecay: 0.1), for: arena)
    for parameter in arena.parameters {
      parameter.gradient.fillNormal(standardDeviation: 1, key: RandomKey(seed: 1, purpose: .test))
    }
    for _ in 0..<3 { optimizer.step(arena, state: &state, rate: 0.1) }
    for array in [arena.values, state.firstMoments, state.secondMoments, state.average] {
      let numbers = array.array(of: Float.self)
      #expect(numbers[9..<16].allSatisfy { $0 == 0 })
      #expect(numbers[33..<48].allSatisfy { $0 == 0 })
      #expect(numbers[0] != 0)
    }
  }

  @Test func averagesBeginAsACopyAndWarmUp() {
    let configuration = AdamW.Configuration(averageDecay: 0.9)
    #expect(configuration.averageDecay(afterSteps: 0) == 0)
    #expect(configuration.averageDecay(afterSteps: 1) == 2.0 / 11)
    #expect(configuration.averageDecay(afterSteps: 80) == 0.9)
    #expect(configuration.averageDecay(afterSteps: 100_000) == 0.9)
    let arena = arena([("a.weight", [5, 5])])
    var state = OptimizerState(for: arena)
    #expect(state.average.array(of: Float.self) == arena.values.array())
    arena.parameters[0].gradient.buffer.copy(from: [Float](repeating: 1, count: 25))
    AdamW(configuration, for: arena).step(arena, state: &state, rate: 0.5)
    #expect(state.average.array(of: Float.self) == arena.values.array())
  }

  @Test func clippingOnlyShortens() {
    let configuration = AdamW.Configuration(gradientNormLimit: 2)
    #expect(configuration.clipFactor(gradientNorm: 0) == 1)
    #expect(configuration.clipFactor(gradientNorm: 1.9) == 1)
    for norm in [2.1, 4, 1e3, 1e8] {
      let clipped = Double(configuration.clipFactor(gradientNorm: norm)) * norm
      #expect(abs(clipped - 2) < 1e-5)
    }
    #expect(configuration.clipFactor(gradientNorm: 2) < 1)
  }

  @Test(arguments: [1, 15, 16, 17, 16_385, 100_003])
  func theNormIsThatOfAllElements(count: Int) {
    let x = Tensor.normal([count], standardDeviation: 3, key: RandomKey(seed: 2, purpose: .test))
    let expected = x.doubles.reduce(0) { $0 + $1 * $1 }
    #expect(abs(squaredNorm(of: x) / expected - 1) < 1e-12)
  }

  @Test func theNormIsFiniteExactlyWhenAllElementsAre() {
    for position in [0, 7, 39_999] {
      for bad in [Float.nan, .infinity, -.infinity] {
        var numbers = [Float](repeating: .greatestFiniteMagnitude, count: 40_000)
        #expect(squaredNorm(of: Tensor(numbers, shape: [40_000])).isFinite)
        numbers[position] = bad
        #expect(!squaredNorm(of: Tensor(numbers, shape: [40_000])).isFinite)
      }
    }
  }

  /// The minimum of Σ (w − target)² is found from afar.
  @Test func minimisesAParabola() {
    let arena = arena([("a.weight", [4, 4])])
    let optimizer = AdamW(.init(weightDecay: 0, averageDecay: 0.9), for: arena)
    var state = OptimizerState(for: arena)
    for step in 0..<400 {
      let gradients = arena.parameters[0].value.array(of: Float.self).map { 2 * ($0 - 3) }
      arena.parameters[0].gradient.buffer.copy(from: gradients)
      optimizer.step(arena, state: &state, rate: 0.1 * Double(400 - step) / 400)
    }
    #expect(arena.parameters[0].value.doubles.allSatisfy { abs($0 - 3) < 1e-2 })
    #expect(state.average.doubles.prefix(16).allSatisfy { abs($0 - 3) < 1e-2 })
  }

  @Test func arraysThatDoNotFitStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let arena = ParameterArena()
      _ = ParameterScope(arena).parameter("a", [2], .constant(1))
      arena.allocate(forTraining: false)
      var state = OptimizerState(for: arena)
      AdamW(.init(), for: arena).step(arena, state: &state, rate: 1)
    }
    await #expect(processExitsWith: .failure) { _ = AdamW(.init(), for: ParameterArena()) }
  }
}

extension OptimizerState {
  /// The moving average of a state that has one.
  fileprivate var average: Tensor { movingAverage ?? Tensor(uninitialized: [0]) }
}
