import Autodiff
import Layers
import Tensors

/// Nearest-code quantization on the unit sphere, float32 always.
///
/// Source: Docs/Method.md, section 4.
struct VectorQuantizer {
  /// What the quantizer returns for `[batch, tokens, width]` latents.
  struct Output {
    /// The codes, `[batch, tokens, width]`; the gradient passes to the latents unchanged.
    let quantized: Variable
    /// Index of each code, int32 `[batch, tokens]`.
    let indices: Tensor
    /// The latents at length 1, what a code would have to be to stand for them exactly:
    /// `[batch, tokens, width]`.
    let encodings: Tensor
    /// Weighted commitment loss, one number.
    let commitmentLoss: Variable
    /// Codebook loss with the weighted entropy loss, one number.
    let codebookLoss: Variable
  }

  private let embedding: Embedding
  private let configuration: ResTok.Configuration.Codebook

  init(_ configuration: ResTok.Configuration.Codebook, in scope: ParameterScope) {
    self.configuration = configuration
    embedding = Embedding(
      count: configuration.size, width: configuration.width,
      initializer: .uniform(bound: 1 / Float(configuration.size)), in: scope["embedding"])
  }

  /// The codes, `[codes, width]`, at any length.
  var codebook: Parameter { embedding.weight }

  /// Quantizes a lane's latents.
  ///
  /// - Parameters:
  ///   - latents: `[batch, tokens, width]`.
  ///   - globalSampleCount: Samples that the losses are averaged over: those of all lanes.
  /// - Returns: Codes, indices and the lane's share of the losses.
  func callAsFunction(_ latents: Variable, globalSampleCount: Int) -> Output {
    let (batchCount, tokenCount, width) = (latents.shape[0], latents.shape[1], latents.shape[2])
    let z = normalizeRows(latents)
    let codes = normalizeRows(latents.tape[embedding.weight])
    let indices = nearestCodes(
      z.value.reshaped(to: [batchCount * tokenCount, width]), codes: codes.value
    ).reshaped(to: [batchCount, tokenCount])
    let q = Autodiff.embedding(indices, table: codes)
    let mean = 1 / Float(globalSampleCount * tokenCount * width)
    let commitment = squaredError(z, q.detached, scale: configuration.commitment * mean)
    var codebook = squaredError(q, z.detached, scale: mean)
    if configuration.entropy.weight != 0 {
      let entropy = assignmentEntropy(
        reshape(z, to: [batchCount * tokenCount, width]), codes: codes,
        temperature: configuration.entropy.temperature)
      let share = Float(batchCount) / Float(globalSampleCount)
      codebook = weightedSum([(codebook, 1), (entropy, configuration.entropy.weight * share)])
    }
    return Output(
      quantized: straightThrough(q, z), indices: indices, encodings: z.value,
      commitmentLoss: commitment, codebookLoss: codebook)
  }

  /// Indices of the nearest codes of `[batch, tokens, width]` latents, without losses.
  func indices(of latents: Variable) -> Tensor {
    let (batchCount, tokenCount, width) = (latents.shape[0], latents.shape[1], latents.shape[2])
    let codes = normalizeRows(latents.tape[embedding.weight])
    return nearestCodes(
      normalizeRows(latents).value.reshaped(to: [batchCount * tokenCount, width]),
      codes: codes.value
    ).reshaped(to: [batchCount, tokenCount])
  }

  /// The unit codes for indices int32 `[batch, tokens]`: `[batch, tokens, width]`.
  func codes(for indices: Tensor, on tape: Tape) -> Variable {
    Autodiff.embedding(indices, table: normalizeRows(tape[embedding.weight]))
  }
}
