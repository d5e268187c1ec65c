import Configurations
import Testing

/// The section `evaluate` against itself.
@Suite struct EvaluationKeysTests {
  @Test func oldFilesScoreWhatTheyDid() throws {
    let tokenizer = try TokenizerRunConfiguration(yaml: ConfigurationTexts.tokenizer)
    #expect(tokenizer.training.evaluation.weights == .ema)
    #expect(tokenizer.training.evaluation.reconstruction.metrics == [.psnr])
    let short = try TokenizerRunConfiguration(
      yaml: ConfigurationTexts.tokenizer, overrides: ["evaluate={every: 3}"])
    #expect(short.training.evaluation.interval == 3)
    #expect(short.digest == tokenizer.digest)
  }

  @Test(arguments: [
    ("{every: 1, metrics: [psnr, rfid, is]}", "rfid and is cannot be computed without a file"),
    ("{every: 1, metrics: [lpips]}", "name it with evaluate.lpips, or take the word out"),
    ("{every: 1, inception: f}", "no score looks through it: add rfid or is to evaluate.metrics"),
    ("{every: 1, metrics: [psnr, psnr]}", "a word occurs twice"),
    ("{every: 1, metrics: [fid]}", "expected one of psnr, ssim, ms_ssim, lpips, rfid, is"),
    ("{every: 1, weights: raw}", "expected one of ema, model, both"),
    ("{every: 1, samples: 5}", "there is no such key"),
  ])
  func scoresAndFilesGoTogether(section: String, message: String) {
    let problems = ConfigurationTexts.tokenizerProblems(overrides: ["evaluate=\(section)"])
    #expect(problems.count == 1 && problems.contains { $0.contains(message) }, "\(problems)")
  }

  @Test(arguments: [
    ("{every: 1, metrics: [loss, fid], inception: f}", "fid cannot be computed without a file"),
    (
      "{every: 1, metrics: [is], inception: f, reference: r}",
      "no score looks through it: add fid to evaluate.metrics"
    ),
    ("{every: 1, samples: 1}", "expected an integer from 2 to 1000000"),
  ])
  func scoresOfSamplesNeedTheirFiles(section: String, message: String) {
    let problems = ConfigurationTexts.problems {
      _ = try GeneratorRunConfiguration(
        yaml: ConfigurationTexts.generator, overrides: ["evaluate=\(section)"])
    }
    #expect(problems.count == 1 && problems.contains { $0.contains(message) }, "\(problems)")
  }
}
