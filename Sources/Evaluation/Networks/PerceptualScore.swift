import Autodiff
public import FeatureNetworks
public import ImageFiles
import Inference
import Tensors

extension PerceptualDistance {
  /// The distance of an image and its reconstruction; nil where the network's poolings leave nothing of them.
  ///
  /// - Precondition: Both have one size.
  public func value(_ original: RGBImage, _ reconstruction: RGBImage) -> Double? {
    guard original.shortSide >= architecture.leastSide else { return nil }
    let tape = Tape(isRecording: false)
    let distances = self(
      Variable(constant: Tensor(images: [original]), on: tape),
      Variable(constant: Tensor(images: [reconstruction]), on: tape))
    return Double(distances.value.array(of: Float.self)[0])
  }
}
