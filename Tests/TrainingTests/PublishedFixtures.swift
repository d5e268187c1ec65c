import ArrayFiles
import Foundation
import TestSupport

/// Files of a tiny generator that `Fixtures/make_published_files.py` wrote with PyTorch.
struct PublishedFixtures: Decodable {
  /// The shapes by published name.
  var shapes: [String: [Int]]
  /// Files with the weights, by format.
  var files: [String: Data]
  /// Files that are not taken.
  var refused: [String: Data]

  static func read() throws -> PublishedFixtures {
    let text = try Repository.text(of: "Tests/TrainingTests/Fixtures/published.json")
    return try JSONDecoder().decode(PublishedFixtures.self, from: Data(text.utf8))
  }

  /// The published program's configuration of the generator.
  static let configuration = """
    {"dim": 8, "n_layer": 1, "n_head": 2, "multiple_of": 8, "num_classes": 3, "vocab_size": 4,
     "block_size": 4, "ar_token_num": 2, "spe_token_num": 3, "max_seq_len": 2048}
    """

  /// The weights, by published name, that the script wrote.
  var tensors: [SafetensorsTensor] {
    shapes.keys.sorted().enumerated().map { number, name in
      let shape = shapes[name] ?? []
      let count = shape.reduce(1, *)
      return SafetensorsTensor(
        name, (0..<count).map { Float((37 * number + $0) % 64 - 32) / 64 }, shape: shape)
    }
  }
}
