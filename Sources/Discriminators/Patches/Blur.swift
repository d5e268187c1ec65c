package import Autodiff
import Tensors

/// Halves a map with a filter, so that little of what is finer than the result's pixels remains.
///
/// Each channel with (1, 3, 3, 1)ᵀ·(1, 3, 3, 1)/64 at every second pixel; zeros around, one more behind an
/// odd size. Source: Zhang 2019, section 3.2.
///
/// - Parameter x: `[batch, height, width, channels]`.
/// - Returns: `[batch, ⌈height/2⌉, ⌈width/2⌉, channels]`.
package func blur(_ x: Variable) -> Variable {
  let (height, width, channelCount) = (x.shape[1], x.shape[2], x.shape[3])
  let weight = Tensor(
    (0..<channelCount).flatMap { _ in blurKernel }, shape: [channelCount, 4, 4, 1])
  return depthwiseConvolution(
    x, weight: Variable(constant: weight, on: x.tape), stride: 2,
    padding: .zeros(top: 1, bottom: 1 + height % 2, left: 1, right: 1 + width % 2))
}

/// The filter, row by row; published as `blocks.i.1.kernel`.
package let blurKernel: [Float] = {
  let taps: [Float] = [1, 3, 3, 1]
  return taps.flatMap { row in taps.map { row * $0 / 64 } }
}()
