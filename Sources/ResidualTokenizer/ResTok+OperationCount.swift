import Layers

// Counted are the products with weights, the convolutions and the search for the nearest code, a
// multiplication and an addition as two operations. Not counted is what is small beside them or is
// no product: attention's scores, norms, activations, losses, the optimizer. It is the count of
// performance figures, kept the same so that they can be compared.

extension ResTok.Configuration {
  /// Floating-point operations of one sample's forward pass.
  public var forwardOperationCount: Int {
    pixelEncoderOperationCount + encoderOperationCount + searchOperationCount
      + decoderOperationCount + pixelDecoderOperationCount
  }

  /// Floating-point operations of one sample in a training step, forward and backward.
  ///
  /// The backward pass takes two products for each of the forward pass, but none for the search of
  /// the nearest code, and just one for the first convolution: nobody asks for the pixels' gradient.
  public var stepOperationCount: Int {
    3 * forwardOperationCount - 2 * searchOperationCount - firstConvolutionOperationCount
  }

  private var pixelCount: Int { imageSize * imageSize }

  private var cellCount: Int { gridSize * gridSize }

  private func product(_ rowCount: Int, _ inputSize: Int, _ outputSize: Int) -> Int {
    2 * rowCount * inputSize * outputSize
  }

  private func convolution(_ pixelCount: Int, _ inputCount: Int, _ outputCount: Int) -> Int {
    9 * product(pixelCount, inputCount, outputCount)
  }

  /// Residual blocks that follow one another, of which the first may change the width.
  private func residualStage(_ pixelCount: Int, _ inputCount: Int, _ outputCount: Int) -> Int {
    let block = 2 * convolution(pixelCount, outputCount, outputCount)
    guard inputCount != outputCount else { return cnn.blockCount * block }
    let first =
      convolution(pixelCount, inputCount, outputCount)
      + convolution(pixelCount, outputCount, outputCount)
      + product(pixelCount, outputCount, outputCount)
    return first + (cnn.blockCount - 1) * block
  }

  private var firstConvolutionOperationCount: Int { convolution(pixelCount, 3, cnn.width) }

  private var pixelEncoderOperationCount: Int {
    let widths = [cnn.width] + cnn.multipliers.map { cnn.width * $0 }
    let top = widths[widths.count - 1]
    let stages = cnn.multipliers.indices.map { index in
      residualStage(pixelCount >> (2 * index), widths[index], widths[index + 1])
    }
    return firstConvolutionOperationCount + stages.reduce(0, +)
      + residualStage(cellCount, top, top) + product(cellCount, top, cnn.featureCount)
  }

  private var pixelDecoderOperationCount: Int {
    let widths = cnn.multipliers.map { cnn.width * $0 }
    let last = widths.count - 1
    let stages = widths.indices.map { index in
      residualStage(pixelCount >> (2 * index), widths[min(index + 1, last)], widths[index])
        // Each stage but the finest ends with a convolution of the doubled image.
        + (index == 0
          ? 0 : convolution(pixelCount >> (2 * (index - 1)), widths[index], widths[index]))
    }
    return convolution(cellCount, cnn.featureCount, widths[last])
      + residualStage(cellCount, widths[last], widths[last]) + stages.reduce(0, +)
      + convolution(pixelCount, widths[0], 3)
  }

  private var encoderOperationCount: Int {
    let width = encoder.width
    var tokenCount = cellCount + latents.count
    var coarsestCount = cellCount
    var count = product(cellCount, cnn.featureCount, width)
    let merging = mergingBlocks
    for index in 0..<encoder.layerCount {
      count += product(tokenCount, width, 4 * width)
      // Tokens are merged between attention and feed-forward layer.
      for _ in merging.filter({ $0 == index }) {
        coarsestCount /= 2
        tokenCount += coarsestCount
      }
      count += product(tokenCount, width, 8 * width)
    }
    return count + product(latents.count, width, codebook.width)
  }

  private var searchOperationCount: Int { product(latents.count, codebook.width, codebook.size) }

  private var decoderOperationCount: Int {
    let width = decoder.width
    let tokenCount = latents.count + cellCount
    // With alignment every sample passes twice, once for the features that are aligned.
    let passCount = alignmentWidth > 0 ? 2 : 1
    let alignment =
      alignmentWidth > 0
      ? product(1, encoder.width, alignmentWidth) + product(cellCount, width, alignmentWidth) : 0
    return product(latents.count, codebook.width, width)
      + passCount * decoder.layerCount * product(tokenCount, width, 12 * width)
      + product(cellCount, width, cnn.featureCount) + alignment
  }
}
