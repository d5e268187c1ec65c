extension SizeChecker {
  /// A file that some of the metrics look through.
  private struct ScoreFile {
    let key: String
    let isNamed: Bool
    let metrics: [String]
  }

  /// Checks that every score has its files, and every file a score.
  func check(_ reconstruction: TrainingSettings.Evaluation.Reconstruction) {
    check(
      metrics: reconstruction.metrics.map(\.rawValue),
      [
        ScoreFile(key: "lpips", isNamed: reconstruction.lpips != nil, metrics: ["lpips"]),
        ScoreFile(
          key: "inception", isNamed: reconstruction.inception != nil, metrics: ["rfid", "is"]),
      ])
  }

  /// Checks that every score has its files, and every file a score.
  func check(_ generation: TrainingSettings.Evaluation.Generation) {
    check(
      metrics: generation.metrics.map(\.rawValue),
      [
        ScoreFile(key: "inception", isNamed: generation.inception != nil, metrics: ["fid", "is"]),
        ScoreFile(key: "reference", isNamed: generation.reference != nil, metrics: ["fid"]),
      ])
  }

  private func check(metrics: [String], _ files: [ScoreFile]) {
    check(["evaluate.metrics"]) {
      Set(metrics).count == metrics.count
    } _: {
      "a word occurs twice: name every score once"
    }
    for file in files {
      let key = "evaluate.\(file.key)"
      let needy = file.metrics.filter(metrics.contains)
      check(["evaluate.metrics", key]) {
        file.isNamed || needy.isEmpty
      } _: {
        "\(needy.joined(separator: " and ")) cannot be computed without a file: name it with \(key), or take "
          + "the word out"
      }
      check([key, "evaluate.metrics"]) {
        !file.isNamed || !needy.isEmpty
      } _: {
        "no score looks through it: add \(file.metrics.joined(separator: " or ")) to evaluate.metrics, or "
          + "write none"
      }
    }
  }
}
