import ArrayFiles
import Autodiff
import Datasets
import Foundation
import ImageFiles
import Layers
import Optimizers
public import Reporting
import Tensors

/// How many sampled images a linear classifier takes for what they were sampled as.
///
/// The classifier is a softmax regression on pixels, trained on a data set here and now; its own accuracy on
/// held-out images says what its verdict is worth. It is for simple images such as the digits.
public struct ClassifierBenchmark {
  private let data: String
  private let evaluation: String
  private let samples: String
  private let countPerClass: Int

  private static let stepCount = 300
  private static let rate = 3e-3
  /// Larger images are none for a classifier of pixels.
  private static let largestSize = 128

  /// Gathers what is to be done.
  ///
  /// - Parameters:
  ///   - data: The data set to learn from.
  ///   - evaluation: The held-out data set.
  ///   - samples: Images as `restok sample --classes all --output FILE.npy` writes them.
  ///   - countPerClass: Images of each class in it.
  public init(data: String, evaluation: String, samples: String, countPerClass: Int) {
    self.data = data
    self.evaluation = evaluation
    self.samples = samples
    self.countPerClass = countPerClass
  }

  /// Trains the classifier and asks it.
  ///
  /// - Returns: The shares of images that it names right.
  /// - Throws: `DataError` or `ArrayFileError` for files that cannot be read or do not fit each other.
  public func run() throws -> ClassifierReport {
    let (train, heldOut) = (
      try ImageDataset(folder: data), try ImageDataset(folder: evaluation)
    )
    let classCount = train.manifest.classes.count
    guard heldOut.manifest.classes.count == classCount else {
      throw DataError(
        file: evaluation,
        problem: "it has \(heldOut.manifest.classes.count) classes, and \(data) has \(classCount)",
        advice: "Name two parts of one data set.")
    }
    let sampled = try sampledImages(classCount: classCount)
    let size = sampled.shape[1]
    let classifier = PixelClassifier(inputSize: size * size * 3, classCount: classCount)
    let learned = try Self.images(of: train, size: size)
    for step in 0..<Self.stepCount {
      classifier.learn(learned.images, learned.labels, rate: Self.rate, step: step)
    }
    let checked = try Self.images(of: heldOut, size: size)
    let labels = (0..<classCount * countPerClass).map { Int32($0 / countPerClass) }
    return ClassifierReport(
      sampleCount: labels.count,
      heldOutAccuracy: classifier.accuracy(checked.images, checked.labels),
      sampleAccuracy: classifier.accuracy(sampled, labels))
  }

  private static func images(of dataset: ImageDataset, size: Int) throws -> (
    images: Tensor, labels: [Int32]
  ) {
    let samples = try (0..<dataset.sampleCount).map { try dataset.sample(at: $0) }
    return (
      Tensor(
        images: try samples.map { try dataset.image.evaluationImage(of: $0, size: size) }),
      samples.map { Int32($0.label) }
    )
  }

  /// The sampled images in [0, 1].
  private func sampledImages(classCount: Int) throws -> Tensor {
    let array = try NumPyArray(contentsOf: samples)
    let shape = array.shape
    guard array.elementType == .uint8, shape.count == 4, shape[0] == classCount * countPerClass,
      shape[1] == shape[2], (1...Self.largestSize).contains(shape[1]), shape[3] == 3
    else {
      throw ArrayFileError(
        file: samples,
        problem: "it holds \(array.elementType) of shape \(shape), expected uint8 of shape "
          + "[\(classCount * countPerClass), size, size, 3] with a size of at most \(Self.largestSize)",
        advice: "Sample --classes all with this --count into a .npy file.")
    }
    return Tensor(try array.elements(as: UInt8.self).map { Float($0) / 255 }, shape: shape)
  }
}

/// Softmax regression on pixels.
private struct PixelClassifier {
  private let arena = ParameterArena()
  private let layer: Linear
  private let optimizer: AdamW
  private var state: OptimizerState

  init(inputSize: Int, classCount: Int) {
    layer = Linear(
      inputSize: inputSize, outputSize: classCount, initializer: .constant(0),
      in: ParameterScope(arena))
    arena.allocate(forTraining: true)
    arena.initialize(seed: 0)
    optimizer = AdamW(AdamW.Configuration(secondMomentDecay: 0.999), for: arena)
    state = OptimizerState(for: arena, keepsAverage: false)
  }

  private func logits(_ images: Tensor, on tape: Tape) -> Variable {
    let flat = images.reshaped(to: [images.shape[0], images.count / images.shape[0]])
    return layer(Variable(constant: flat, on: tape))
  }

  /// One step of AdamW on all images.
  func learn(_ images: Tensor, _ labels: [Int32], rate: Double, step: Int) {
    let tape = arena.makeTape(isRecording: true)
    let (loss, _) = crossEntropy(
      logits(images, on: tape), targets: Tensor(labels, shape: [labels.count]),
      scale: 1 / Float(labels.count))
    tape.backward(from: loss, into: arena)
    var state = state
    state.stepCount = step
    optimizer.step(arena, state: &state, rate: rate, gradientFactor: 1)
  }

  /// The share of images whose largest logit is that of their label.
  func accuracy(_ images: Tensor, _ labels: [Int32]) -> Double {
    let tape = arena.makeTape(isRecording: false)
    let (_, correctCount) = crossEntropy(
      logits(images, on: tape), targets: Tensor(labels, shape: [labels.count]), scale: 1)
    return Double(correctCount) / Double(labels.count)
  }
}

/// The figures of `restok bench classifier`.
public struct ClassifierReport: CommandReport, Codable, Equatable {
  /// Sampled images.
  public var sampleCount: Int
  /// The share of held-out images that the classifier names right.
  public var heldOutAccuracy: Double
  /// The share of sampled images that it takes for what they were sampled as.
  public var sampleAccuracy: Double

  private enum CodingKeys: String, CodingKey {
    case sampleCount = "samples"
    case heldOutAccuracy = "held_out_accuracy"
    case sampleAccuracy = "sample_accuracy"
  }

  /// Both shares in one line.
  public var description: String {
    String(
      format: "%.1f %% of %ld samples are named right, and %.1f %% of the held-out images",
      100 * sampleAccuracy, sampleCount, 100 * heldOutAccuracy)
  }
}
