import Autodiff
import Kernels
import Tensors
import Testing

@Suite struct InitializationTests {
  private static let parameters: [(name: String, shape: [Int], initializer: Initializer)] = [
    ("encoder.weight", [33, 17], .truncatedNormal(standardDeviation: 0.02)),
    ("encoder.bias", [33], .constant(0)), ("encoder.norm.weight", [17], .constant(1)),
    ("token", [1, 1, 5], .normal(standardDeviation: 0.5)),
    ("codes", [64, 8], .uniform(bound: 0.25)),
    ("decoder.weight", [33, 17], .truncatedNormal(standardDeviation: 0.02)),
    ("vector", [7, 11], .unitVector),
  ]

  private func arena(
    seed: UInt64, isReversed: Bool = false, network: String? = nil
  ) -> ParameterArena {
    let arena = ParameterArena()
    for parameter in isReversed ? Self.parameters.reversed() : Self.parameters {
      _ = ParameterScope(arena).parameter(
        parameter.name, parameter.shape, parameter.initializer)
    }
    arena.allocate(forTraining: false)
    arena.initialize(seed: seed, network: network)
    return arena
  }

  private func values(_ arena: ParameterArena) -> [[Float]] {
    Self.parameters.map { arena[$0.name]?.value.array() ?? [] }
  }

  @Test func valuesDependOnTheNameAndNotOnTheOrder() {
    let (forward, backward) = (values(arena(seed: 1)), values(arena(seed: 1, isReversed: true)))
    #expect(forward == backward)
    #expect(forward[0] != forward[5])
    #expect(forward[0] != values(arena(seed: 2))[0])
  }

  @Test func networksDrawParametersOfOneNameApart() {
    let (alone, first, second) = (
      values(arena(seed: 1)), values(arena(seed: 1, network: "first")),
      values(arena(seed: 1, network: "second"))
    )
    for index in [0, 3, 4, 5, 6] {
      #expect(Set([alone[index], first[index], second[index]]).count == 3)
    }
    #expect(first == values(arena(seed: 1, isReversed: true, network: "first")))
  }

  @Test func everyParameterIsDrawnByItsInitializer() {
    let values = values(arena(seed: 3))
    #expect(values[1] == [Float](repeating: 0, count: 33))
    #expect(values[2] == [Float](repeating: 1, count: 17))
    #expect(values[4].allSatisfy { abs($0) <= 0.25 })
    #expect((values[4].max() ?? 0) > 0.2)
    #expect((values[4].min() ?? 0) < -0.2)
    #expect(abs(values[6].reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
    #expect(Set(values[6]).count > 70)
    let square = values[0].reduce(0) { $0 + $1 * $1 } / Float(values[0].count)
    #expect(abs(square.squareRoot() - 0.02) < 2e-3)
  }

  @Test func gapsStayZero() {
    let arena = arena(seed: 4)
    var isGap = [Bool](repeating: true, count: arena.count)
    for parameter in arena.parameters { for i in parameter.range { isGap[i] = false } }
    let values = arena.values.array(of: Float.self)
    #expect(isGap.contains(true))
    #expect(zip(values, isGap).allSatisfy { !$1 || $0 == 0 })
  }

  @Test func initializingBeforeAllocationStopsTheProgram() async {
    await #expect(processExitsWith: .failure) { ParameterArena().initialize(seed: 1) }
  }
}
