public import Autodiff
import Layers
public import Tensors

/// The ResTok tokenizer: an image to a short sequence of discrete tokens, coarse to fine, and back.
///
/// Images are `[batch, size, size, 3]` in [0, 1]; tokens are int32 `[batch, latents]`.
/// Source: arXiv 2601.03955; Docs/Method.md, sections 1 to 5.
public struct ResTok {
  /// What a training pass returns.
  public struct Output {
    /// Reconstructed images, `[batch, size, size, 3]`, not clamped.
    public let reconstruction: Variable
    /// Token indices, int32 `[batch, latents]`.
    public let indices: Tensor
    /// The latents that the indices stand for, at length 1: `[batch, latents, code width]`.
    public let encodings: Tensor
    /// The lane's share of the weighted commitment loss.
    public let commitmentLoss: Variable
    /// The lane's share of the codebook loss, weighted entropy loss included.
    public let codebookLoss: Variable
    /// The coarsest image scale of the encoder, `[batch, tokens, encoder width]`.
    public let coarsestScale: Variable
    /// Projected mean of the coarsest scale, `[batch, alignmentWidth]`; nil without alignment.
    public let encoderAlignment: Variable?
    /// Projected cells of the second decoder pass, `[batch, cells, alignmentWidth]`; nil without.
    public let decoderAlignment: Variable?
  }

  /// The features that a training pass projects for an alignment; what is not wanted costs nothing.
  public struct AlignedFeatures: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int
    /// The mean of the coarsest image scale.
    public static let encoder = AlignedFeatures(rawValue: 1)
    /// The cells of a second pass of the decoder.
    public static let decoder = AlignedFeatures(rawValue: 2)
    /// Both.
    public static let all: AlignedFeatures = [.encoder, .decoder]

    /// The features of some bits.
    public init(rawValue: Int) { self.rawValue = rawValue }
  }

  /// Sizes and options.
  public let configuration: Configuration
  private let arena: ParameterArena
  /// Absent where the model is a decoder alone.
  private let encoder: (pixels: PixelEncoder, latents: LatentEncoder)?
  private let decoder: LatentDecoder
  private let pixelDecoder: PixelDecoder
  private let quantizer: VectorQuantizer
  private let encoderAlignmentProjection: Linear?
  private let decoderAlignmentProjection: Linear?

  /// What of a tokenizer is wanted.
  public enum Part: Sendable {
    /// All of it.
    case whole
    /// What tokens need to become images: less than half of the weights.
    case decoder
  }

  /// Creates the parameters of the model, or of a part of it, under their published names.
  public init(_ configuration: Configuration, part: Part = .whole, in scope: ParameterScope) {
    self.configuration = configuration
    arena = scope.arena
    var sizes = configuration
    if part == .decoder { sizes.alignmentWidth = 0 }
    // The order of creation is that of the arena, which digests of the weights follow.
    let latentEncoder =
      part == .whole ? LatentEncoder(configuration, in: scope["encoder"]) : nil
    decoder = LatentDecoder(sizes, in: scope["decoder"])
    encoder = latentEncoder.map {
      (pixels: PixelEncoder(configuration.cnn, in: scope["pixel_encoder"]), latents: $0)
    }
    pixelDecoder = PixelDecoder(configuration.cnn, in: scope["pixel_decoder"])
    quantizer = VectorQuantizer(configuration.codebook, in: scope["quantize"])
    let alignmentWidth = sizes.alignmentWidth
    func projection(from width: Int, _ name: String) -> Linear? {
      guard alignmentWidth > 0 else { return nil }
      return Linear(
        inputSize: width, outputSize: alignmentWidth, hasBias: false,
        initializer: tokenizerInitializer, isPublishedAsConvolution: true, in: scope[name])
    }
    encoderAlignmentProjection = projection(from: configuration.encoder.width, "vf_proj")
    decoderAlignmentProjection = projection(from: configuration.decoder.width, "vf_proj_dec")
  }

  /// The codes, `[codes, code width]`; only their directions matter.
  public var codebook: Parameter { quantizer.codebook }

  /// Encodes, quantizes and reconstructs a lane's images.
  ///
  /// - Parameters:
  ///   - images: `[batch, size, size, 3]` in [0, 1].
  ///   - keepCounts: Latent tokens that each sample keeps (nested dropout); all when nil.
  ///   - globalSampleCount: Samples of all lanes, which the losses are averaged over.
  ///   - aligned: What a model with projections computes of them.
  ///   - tape: Where the operations are recorded.
  /// - Returns: Reconstruction, indices and the lane's share of the losses.
  public func callAsFunction(
    _ images: Tensor, keepCounts: [Int]?, globalSampleCount: Int, aligned: AlignedFeatures = .all,
    on tape: Tape
  ) -> Output {
    let encoded = encoded(images, on: tape)
    let quantization = quantizer(encoded.latents, globalSampleCount: globalSampleCount)
    let decoded = decoder(
      quantization.quantized, keepCounts: keepCounts, isAligned: aligned.contains(.decoder))
    return Output(
      reconstruction: pixelDecoder(decoded.features), indices: quantization.indices,
      encodings: quantization.encodings, commitmentLoss: quantization.commitmentLoss,
      codebookLoss: quantization.codebookLoss,
      coarsestScale: encoded.coarsestScale,
      encoderAlignment: aligned.contains(.encoder)
        ? encoderAlignmentProjection.map { $0(mean(of: encoded.coarsestScale)) } : nil,
      decoderAlignment: decoderAlignmentProjection.flatMap { project in
        decoded.alignedFeatures.map { project($0) }
      })
  }

  /// The tokens of images.
  ///
  /// - Parameter images: `[batch, size, size, 3]` in [0, 1].
  /// - Returns: Indices, int32 `[batch, latents]`.
  /// - Throws: `NotFiniteOutput` when the latents are no numbers.
  public func tokens(of images: Tensor) throws(NotFiniteOutput) -> Tensor {
    let tape = arena.makeTape(isRecording: false)
    let latents = encoded(images, on: tape).latents
    guard latents.value.isFinite else { throw NotFiniteOutput(quantity: .latents) }
    return quantizer.indices(of: latents)
  }

  /// The images of tokens.
  ///
  /// Each is decoded by itself: how products round depends on the rows beside one, and the bits of an image
  /// should not depend on its place among others.
  ///
  /// - Parameters:
  ///   - tokens: Indices, int32 `[batch, latents]`.
  ///   - keepCount: Length of the prefix that is used; all tokens when nil.
  /// - Returns: Images `[batch, size, size, 3]`, not clamped.
  /// - Throws: `NotFiniteOutput` when the pixels are no numbers.
  public func images(of tokens: Tensor, keepCount: Int? = nil) throws(NotFiniteOutput) -> Tensor {
    let size = configuration.imageSize
    let pixels = Tensor(uninitialized: [tokens.shape[0], size, size, 3])
    for index in 0..<tokens.shape[0] {
      let tape = arena.makeTape(
        isRecording: false, keepsFactorPanels: arena.keepsOperandsAlone)
      let codes = quantizer.codes(for: tokens.slice(index..<index + 1), on: tape)
      let decoded = decoder(codes, keepCounts: keepCount.map { [$0] }, isAligned: false)
      pixels.slice(index..<index + 1).buffer.copy(from: pixelDecoder(decoded.features).value.buffer)
    }
    guard pixels.isFinite else { throw NotFiniteOutput(quantity: .pixels) }
    return pixels
  }

  private func encoded(_ images: Tensor, on tape: Tape) -> LatentEncoder.Output {
    guard let encoder else {
      preconditionFailure("ResTok: images of shape \(images.shape) for a decoder alone")
    }
    precondition(
      images.dimensionCount == 4
        && images.shape[1...] == [configuration.imageSize, configuration.imageSize, 3],
      "ResTok: images of shape \(images.shape) for image size \(configuration.imageSize)")
    let normalized = normalizeChannels(
      images, means: [0.485, 0.456, 0.406], standardDeviations: [0.229, 0.224, 0.225])
    return encoder.latents(encoder.pixels(Variable(constant: normalized, on: tape)))
  }

  /// Mean over tokens, `[batch, tokens, width]` → `[batch, width]`.
  private func mean(of tokens: Variable) -> Variable {
    let (batchCount, count, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2])
    let pooled = latentPyramid(
      reshape(tokens, to: [batchCount, count, 1, width]), grids: [(rows: 1, columns: 1)],
      isResidual: false)
    return reshape(pooled, to: [batchCount, width])
  }
}
