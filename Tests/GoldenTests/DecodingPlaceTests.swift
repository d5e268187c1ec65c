import Autodiff
import Configurations
import ResidualTokenizer
import Tensors
import Testing

/// The pixels of an image do not depend on what is decoded beside it.
@Test func anImageHasTheSameBitsInEveryPlace() throws {
  let configuration = try TokenizerRunConfiguration(
    contentsOf: GoldenStepSettings.configurationPath("tokenizer"), overrides: []
  ).model
  let arena = ParameterArena()
  let model = ResTok(configuration, in: ParameterScope(arena))
  arena.allocate(forTraining: false)
  arena.initialize(seed: 3)
  let count = configuration.latents.count
  let sequences = (0..<5).map { number in
    (0..<count).map { Int32((number * 17 + $0 * 5) % configuration.codebook.size) }
  }
  func images(_ numbers: [Int]) throws -> [[Float]] {
    let tokens = Tensor(numbers.flatMap { sequences[$0] }, shape: [numbers.count, count])
    let pixels = try model.images(of: tokens)
    return numbers.indices.map { pixels.slice($0..<$0 + 1).array(of: Float.self) }
  }
  let all = try images([0, 1, 2, 3, 4])
  #expect(all[0] != all[1])
  for number in all.indices { #expect(try images([number])[0] == all[number]) }
  #expect(try images([3, 3, 0]) == [all[3], all[3], all[0]])
}
