import Kernels
import Tensors

/// The mean of each 2×2 block of pixels.
///
/// Input `[batch, height, width, channels]` with even height and width, output
/// `[batch, height/2, width/2, channels]`.
public func averagePool2x2(_ x: Variable) -> Variable {
  var small = imageShape(x, "averagePool2x2")
  precondition(
    small.height % 2 == 0 && small.width % 2 == 0,
    "averagePool2x2: x of shape \(x.shape) has no whole 2x2 blocks")
  small.height /= 2
  small.width /= 2
  let y = Tensor(uninitialized: small.sizes)
  sumBlocks2x2(into: y.buffer, isAdding: false, x.value.buffer, factor: 0.25, small: small)
  let (adjoint, shape) = (x.adjoint, x.shape)
  return x.tape.record(y, from: [x]) { [small] dy in
    adjoint?.accumulate(shape: shape) { dx, isAdding in
      spreadBlocks2x2(into: dx, isAdding: isAdding, dy.buffer, factor: 0.25, small: small)
    }
  }
}

/// Each pixel repeated as a 2×2 block (nearest upsampling).
///
/// Input `[batch, height, width, channels]`, output `[batch, 2·height, 2·width, channels]`, which later
/// pullbacks compute again from the four times smaller input instead of keeping it.
public func upsampleNearest2x(_ x: Variable) -> Variable {
  let small = imageShape(x, "upsampleNearest2x")
  let (saved, adjoint) = (x.value, x.adjoint)
  let upsample = {
    let y = Tensor(
      uninitialized: [small.batchSize, 2 * small.height, 2 * small.width, small.channelCount])
    spreadBlocks2x2(into: y.buffer, isAdding: false, saved.buffer, factor: 1, small: small)
    return y
  }
  return x.tape.record(upsample(), from: [x]) { dy in
    adjoint?.accumulate(shape: small.sizes) { dx, isAdding in
      sumBlocks2x2(into: dx, isAdding: isAdding, dy.buffer, factor: 1, small: small)
    }
  }.rebuilt(by: upsample)
}

extension ImageShape {
  /// The sizes as a tensor has them.
  var sizes: [Int] { [batchSize, height, width, channelCount] }
}
