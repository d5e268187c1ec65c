import CKernels

extension RGBImage {
  /// Resizes to a given height and width, to the byte as Pillow's `Image.resize` does.
  ///
  /// Two passes, first along the rows, then along the columns, with rounding to 8 bits between them;
  /// a pass that would change nothing is left out. (Pillow 13 began to start with the columns where
  /// the height shrinks by more than twice what the width does. The published models were trained
  /// before, so this order is kept for every shape.)
  ///
  /// - Parameters:
  ///   - height: New number of rows, at least 1.
  ///   - width: New number of columns, at least 1.
  ///   - filter: The kernel.
  /// - Returns: The resized image.
  /// - Precondition: The new sides are positive.
  public func resized(height: Int, width: Int, filter: ResamplingFilter = .bicubic) -> RGBImage {
    precondition(
      height >= 1 && width >= 1, "resized: the new size \(height) x \(width) has no pixels")
    return resizedHorizontally(to: width, filter).resizedVertically(to: height, filter)
  }

  private func resizedHorizontally(to newWidth: Int, _ filter: ResamplingFilter) -> RGBImage {
    guard newWidth != width else { return self }
    let resized = [UInt8](unsafeUninitializedCapacity: height * newWidth * 3) { output, count in
      ResamplingWeights(inputSize: width, outputSize: newWidth, filter: filter).withAxis {
        CKernels_resampleHorizontally(
          output.baseAddress, pixels, $0, Int64(height), Int64(width), Int64(newWidth))
      }
      count = height * newWidth * 3
    }
    return RGBImage(height: height, width: newWidth, pixels: resized)
  }

  private func resizedVertically(to newHeight: Int, _ filter: ResamplingFilter) -> RGBImage {
    guard newHeight != height else { return self }
    let resized = [UInt8](unsafeUninitializedCapacity: newHeight * width * 3) { output, count in
      ResamplingWeights(inputSize: height, outputSize: newHeight, filter: filter).withAxis {
        CKernels_resampleVertically(
          output.baseAddress, pixels, $0, Int64(newHeight), Int64(width * 3))
      }
      count = newHeight * width * 3
    }
    return RGBImage(height: newHeight, width: width, pixels: resized)
  }
}
