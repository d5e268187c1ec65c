import CKernels

/// Elements below which an exponential for each is not worth a second thread.
let exponentialGrain = 2_048

/// Group normalisation of channels-last images with its gain, bias and activation.
///
///     y = activation((x − mean) / sqrt(variance + epsilon) · weight + bias)
///
/// Mean and variance are those of a sample's group of channels over all pixels. They are found in
/// one pass: float32 sums over a few thousand elements relative to the sample's first pixel, so that
/// a large mean costs no digits, which are then combined in double precision.
public struct GroupNormalization: Sendable {
  /// The images' sizes.
  public let shape: ImageShape
  /// Number of groups; it divides the channels.
  public let groupCount: Int
  /// Added to the variance.
  public let epsilon: Float
  /// Whether the activation is SiLU, x·σ(x); otherwise there is none.
  public let appliesSiLU: Bool

  /// The normalisation of images of a shape.
  public init(shape: ImageShape, groupCount: Int, epsilon: Float, appliesSiLU: Bool) {
    precondition(
      groupCount > 0 && shape.channelCount % groupCount == 0 && shape.elementCount > 0,
      "groupNorm: \(groupCount) groups of \(shape)")
    self.shape = shape
    self.groupCount = groupCount
    self.epsilon = epsilon
    self.appliesSiLU = appliesSiLU
  }

  private var isSiLU: Int32 { appliesSiLU ? 1 : 0 }

  private var channelCount: Int { shape.channelCount }

  /// Pixels of a partial sum.
  private var chunkSize: Int { max(1, elementGrain / channelCount) }

  /// Partial sums of a sample.
  private var chunkCount: Int { (shape.pixelCount + chunkSize - 1) / chunkSize }

  /// Writes y, and the statistics that the pullback needs.
  ///
  /// - Parameters:
  ///   - y: Shaped like the images; float32 or bfloat16, as they.
  ///   - x: The images.
  ///   - weight: Gain, `[channelCount]`.
  ///   - bias: Bias, `[channelCount]`.
  /// - Returns: Mean and reciprocal standard deviation by channel, `[batch, 2, channelCount]`.
  public func forward(into y: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer) -> Buffer {
    check([y, x], weight, bias)
    let statistics = statistics(of: x)
    apply(into: y, x, weight: weight, bias: bias, statistics: statistics)
    return statistics
  }

  /// Writes y with the statistics that `forward` returned for `x`: the same bits again.
  public func apply(
    into y: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer, statistics: Buffer
  ) {
    check([y, x], weight, bias)
    forEachRun(writing: [y], reading: [x]) { sample, floats, count in
      CKernels_groupNorm(
        floats[0], floats[1], channels(sample, statistics, weight, bias, nil), isSiLU, count,
        Int64(channelCount))
    }
  }

  /// Gradients of the weight, the bias and the images.
  ///
  /// - Parameters:
  ///   - dx: Gradient of the images and whether to add to it; not computed when nil.
  ///   - dWeight: Gradient of the gain and whether to add to it; not computed when nil.
  ///   - dBias: Gradient of the bias and whether to add to it; not computed when nil.
  ///   - dy: Gradient of the result.
  ///   - x: The images.
  ///   - weight: Gain.
  ///   - bias: Bias.
  ///   - statistics: What `forward` returned.
  public func backward(
    dx: (Buffer, isAdding: Bool)?, dWeight: (Buffer, isAdding: Bool)?,
    dBias: (Buffer, isAdding: Bool)?, _ dy: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer,
    statistics: Buffer
  ) {
    check([dy, x], weight, bias)
    precondition(
      dx.map { $0.0.count == x.count } ?? true,
      "groupNorm: gradient of \(dx?.0.count ?? 0) for \(x.count) elements")
    precondition(
      dx.map { !$0.isAdding || $0.0.elementType == .float32 } ?? true,
      "groupNorm: a gradient of type bfloat16 cannot be added to")
    // The gradient before the activation, kept from the first pass for the second: in dx if it is free.
    let isFree = dx.map { !$0.isAdding && $0.0.elementType == .float32 } ?? false
    let kept = appliesSiLU ? (isFree ? dx?.0 : nil) ?? Buffer(.float32, count: x.count) : dy
    let sums = gradientSums(
      kept: kept, dy, x, weight: weight, bias: bias, statistics: statistics)
    if let (buffer, isAdding) = dBias { totalOverSamples(sums, part: 0, buffer, isAdding) }
    if let (buffer, isAdding) = dWeight { totalOverSamples(sums, part: 1, buffer, isAdding) }
    guard let (buffer, isAdding) = dx else { return }
    let means = groupMeans(of: sums, weight: weight)
    forEachRun(writing: [buffer], reading: [kept, x]) { sample, floats, count in
      CKernels_groupNormBackward(
        floats[0], floats[1], floats[2], channels(sample, statistics, weight, bias, means),
        isAdding ? 1 : 0, count, Int64(channelCount))
    }
  }

  private func check(_ images: [Buffer], _ weight: Buffer, _ bias: Buffer) {
    precondition(
      images.allSatisfy { $0.count == shape.elementCount } && weight.count == channelCount
        && bias.count == channelCount,
      """
      groupNorm: \(images.map(\.count)) elements, weight of \(weight.count) and bias of \
      \(bias.count) for \(shape)
      """)
  }
}

// MARK: Statistics

extension GroupNormalization {
  private func statistics(of x: Buffer) -> Buffer {
    let shifts = firstPixels(of: x)
    let partials = partialSums(writing: [], reading: [x]) { partial, sample, floats, count in
      CKernels_groupNormMoments(
        partial, floats[0], shifts.floats + sample * channelCount, count, Int64(channelCount))
    }
    let statistics = Buffer(.float32, count: shape.batchSize * 2 * channelCount)
    parallelFor(shape.batchSize, grain: rowGrain(chunkCount * channelCount)) { samples in
      for sample in samples {
        foldMoments(
          into: statistics.floats + sample * 2 * channelCount,
          partials.floats + sample * chunkCount * 2 * channelCount,
          shift: shifts.floats + sample * channelCount)
      }
    }
    return statistics
  }

  /// The first pixel of each sample, `[batch, channelCount]`, float32.
  private func firstPixels(of x: Buffer) -> Buffer {
    let pixels = Buffer(.float32, count: shape.batchSize * channelCount)
    for sample in 0..<shape.batchSize {
      let first = sample * shape.pixelCount * channelCount
      pixels[sample * channelCount..<(sample + 1) * channelCount]
        .copy(from: x[first..<first + channelCount].widened)
    }
    return pixels
  }

  /// Mean and reciprocal standard deviation by channel, from the partial sums of one sample.
  private func foldMoments(
    into statistics: UnsafeMutablePointer<Float>, _ partials: UnsafePointer<Float>,
    shift: UnsafePointer<Float>
  ) {
    let totals = totalsByChannel(of: partials)
    let groupSize = channelCount / groupCount
    let pixels = Double(shape.pixelCount)
    for group in 0..<groupCount {
      let channels = group * groupSize..<(group + 1) * groupSize
      let sum = channels.reduce(0) { $0 + totals[$1] + pixels * Double(shift[$1]) }
      let mean = sum / (pixels * Double(groupSize))
      // Σ(x − m)² = Σ(x − s)² − 2(m − s)Σ(x − s) + n(m − s)², by channel with its shift s.
      let squares = channels.reduce(0) { total, channel in
        let distance = mean - Double(shift[channel])
        return total + totals[channelCount + channel] - 2 * distance * totals[channel]
          + pixels * distance * distance
      }
      let variance = max(0, squares / (pixels * Double(groupSize)))
      for channel in channels {
        statistics[channel] = Float(mean)
        statistics[channelCount + channel] = Float(1 / (variance + Double(epsilon)).squareRoot())
      }
    }
  }

  /// The sums over a sample's chunks, `[2, channelCount]`.
  private func totalsByChannel(of partials: UnsafePointer<Float>) -> [Double] {
    var totals = [Double](repeating: 0, count: 2 * channelCount)
    for chunk in 0..<chunkCount {
      for index in totals.indices {
        totals[index] += Double(partials[chunk * totals.count + index])
      }
    }
    return totals
  }
}

// MARK: Gradients

extension GroupNormalization {
  /// By sample: the sums over pixels of the gradient g before the activation, and of g times the
  /// normalised value, `[batch, 2, channelCount]`.
  private func gradientSums(
    kept: Buffer, _ dy: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer, statistics: Buffer
  ) -> Buffer {
    let partials = partialSums(writing: appliesSiLU ? [kept] : [], reading: [dy, x]) {
      partial, sample, floats, count in
      let operands = floats.suffix(2)
      CKernels_groupNormGradientSums(
        partial, floats[0], operands[operands.startIndex], operands[operands.startIndex + 1],
        channels(sample, statistics, weight, bias, nil), isSiLU, count, Int64(channelCount))
    }
    let sums = Buffer(.float32, count: shape.batchSize * 2 * channelCount)
    parallelFor(shape.batchSize, grain: rowGrain(chunkCount * channelCount)) { samples in
      for sample in samples {
        let totals = totalsByChannel(
          of: partials.floats + sample * chunkCount * 2 * channelCount)
        for (index, total) in totals.enumerated() {
          sums.floats[sample * 2 * channelCount + index] = Float(total)
        }
      }
    }
    return sums
  }

  /// The gradient of the bias (part 0) or the weight (part 1).
  private func totalOverSamples(_ sums: Buffer, part: Int, _ total: Buffer, _ isAdding: Bool) {
    precondition(
      total.count == channelCount,
      "groupNorm: gradient of \(total.count) for \(channelCount) channels")
    for channel in 0..<channelCount {
      var sum = 0.0
      for sample in 0..<shape.batchSize {
        sum += Double(sums.floats[(2 * sample + part) * channelCount + channel])
      }
      total.floats[channel] = (isAdding ? total.floats[channel] : 0) + Float(sum)
    }
  }

  /// By sample and channel: the group's means of g·weight and of g·weight·normalised,
  /// `[batch, 2, channelCount]`.
  private func groupMeans(of sums: Buffer, weight: Buffer) -> Buffer {
    let means = Buffer(.float32, count: sums.count)
    let groupSize = channelCount / groupCount
    let elements = Double(groupSize * shape.pixelCount)
    for row in 0..<2 * shape.batchSize {
      for group in 0..<groupCount {
        let channels = group * groupSize..<(group + 1) * groupSize
        let total = channels.reduce(0.0) {
          $0 + Double(sums.floats[row * channelCount + $1]) * Double(weight.floats[$1])
        }
        for channel in channels {
          means.floats[row * channelCount + channel] = Float(total / elements)
        }
      }
    }
    return means
  }
}

// MARK: Loops

extension GroupNormalization {
  /// What differs by channel in one sample, for the C kernels.
  private func channels(
    _ sample: Int, _ statistics: Buffer, _ weight: Buffer, _ bias: Buffer, _ means: Buffer?
  ) -> CKernels_GroupNormChannels {
    let start = sample * 2 * channelCount
    return CKernels_GroupNormChannels(
      mean: statistics.floats + start,
      reciprocalStandardDeviation: statistics.floats + start + channelCount,
      weight: weight.floats, bias: bias.floats,
      gradientMean: means.map { UnsafePointer($0.floats + start) },
      gradientProjection: means.map { UnsafePointer($0.floats + start + channelCount) })
  }

  /// Calls `body` with runs of pixels of one sample, on all threads.
  private func forEachRun(
    writing written: [Buffer], reading read: [Buffer],
    _ body: (_ sample: Int, _ floats: [UnsafeMutablePointer<Float>], _ pixelCount: Int64) -> Void
  ) {
    let pixels = shape.pixelCount
    let stripes = FloatStripes(rowSize: channelCount, writing: written, reading: read)
    parallelFor(shape.batchSize * pixels, grain: max(1, exponentialGrain / channelCount)) { range in
      var first = range.lowerBound
      while first < range.upperBound {
        let sample = first / pixels
        let end = min(range.upperBound, (sample + 1) * pixels)
        stripes.forEach(in: first..<end) { body(sample, $1, Int64($0.count)) }
        first = end
      }
    }
  }

  /// Two sums by channel for each sample and chunk of pixels, `[batch, chunkCount, 2, channelCount]`.
  private func partialSums(
    writing written: [Buffer], reading read: [Buffer],
    _ body: (
      _ partial: UnsafeMutablePointer<Float>, _ sample: Int,
      _ floats: [UnsafeMutablePointer<Float>], _ pixelCount: Int64
    ) -> Void
  ) -> Buffer {
    let chunks = chunkCount
    let stripes = FloatStripes(
      rowSize: channelCount, rowsAtATime: chunkSize, writing: written, reading: read)
    let partials = Buffer(.float32, count: shape.batchSize * chunks * 2 * channelCount)
    let grain = max(1, exponentialGrain / (min(chunkSize, shape.pixelCount) * channelCount))
    parallelFor(shape.batchSize * chunks, grain: grain) { tasks in
      for task in tasks {
        let (sample, chunk) = task.quotientAndRemainder(dividingBy: chunks)
        let first = sample * shape.pixelCount + chunk * chunkSize
        let end = min(first + chunkSize, (sample + 1) * shape.pixelCount)
        stripes.forEach(in: first..<end) {
          body(partials.floats + task * 2 * channelCount, sample, $1, Int64($0.count))
        }
      }
    }
    return partials
  }
}
