import ArrayFiles
import Evaluation
import Foundation
import Reporting
import TestSupport
import Testing

@Suite struct CertificateTests {
  /// A certificate as a file has it, with other values in some places.
  private func certificate(
    in folder: String, _ changes: [(old: String, new: String)] = []
  ) throws -> EvaluationCertificate {
    var text = """
      {"format_version": 1, "figures": [
        {"name": "fid", "values": [3.25], "mean": 3.25}, {"name": "is", "values": [200.5], "mean": 200.5}],
       "program": {"kernels": "3"}, "unavailable": [{"name": "sfid", "reason": "no mu_s"}], "warnings": [],
       "protocol": {"revision": 1, "kind": "generation", "images": 50000, "preparation": "none",
         "rounding": "bytes", "reference": {"content": "statistics", "digest": "xxh64:01", "preparation": "none"},
         "networks": {"inception": {"digest": "xxh64:02", "precision": "float32", "input": "299x299"}},
         "is_splits": "splits of 5000", "is_offset": 0, "seeds": ["0"]},
       "subject": {"name": "a.npz", "digest": "xxh64:03", "stated": [{"name": "seed", "value": "0"}]}}
      """
    for (old, new) in changes {
      #expect(text.contains(old))
      text = text.replacing(old, with: new)
    }
    let path = folder + "/certificate.json"
    try AtomicFile.write(Array(text.utf8), to: path)
    return try EvaluationCertificate(contentsOf: path)
  }

  @Test func certificatesAreReadAsTheyWereWritten() throws {
    try withTemporaryDirectory { folder in
      let certificate = try certificate(in: folder)
      #expect(certificate.value("fid") == 3.25 && certificate.value("sfid") == nil)
      try certificate.write(to: folder + "/copy.json")
      #expect(try EvaluationCertificate(contentsOf: folder + "/copy.json") == certificate)
      #expect(certificate.description.contains("not available: sfid: no mu_s"))
      #expect(certificate.description.contains("by reference.digest: xxh64:01"))
    }
  }

  @Test func whatIsNoCertificateIsRefused() throws {
    try withTemporaryDirectory { folder in
      for (old, new) in [
        ("\"format_version\": 1", "\"format_version\": 2"), ("[3.25]", "[]"), ("{\"for", "\"for"),
        ("\"digest\": \"xxh64:01\",", ""),
      ] {
        #expect(throws: EvaluationError.self) { try certificate(in: folder, [(old, new)]) }
      }
    }
  }

  @Test func likeIsComparedWithLike() throws {
    try withTemporaryDirectory { folder in
      let first = try certificate(in: folder)
      let second = try certificate(
        in: folder, [("a.npz", "b.npz"), ("3.25", "3.5"), ("xxh64:03", "xxh64:04")])
      let comparison = try CertificateComparison(first, second)
      #expect(comparison.rows[0].values == [3.25, 3.5])
      #expect(comparison.description.contains("a.npz against b.npz"))
      #expect(comparison.description.contains("3.25  3.5  (+0.25)"))
    }
  }

  @Test(arguments: [
    ("xxh64:01", "xxh64:99", "reference.digest"), ("50000", "10000", "images"),
    ("xxh64:02", "xxh64:99", "networks.inception.digest"), ("float32", "bfloat16", "networks"),
    ("\"rounding\": \"bytes\"", "\"rounding\": \"nearest\"", "rounding"),
    ("\"rounding\"", "\"image_order\": \"xxh64:05\", \"rounding\"", "image_order"),
    ("splits of 5000", "one split", "is_splits"), ("\"seeds\": [\"0\"]", "\"seeds\": []", "seeds"),
    ("\"revision\": 1", "\"revision\": 2", "revision"),
    ("\"is_offset\": 0", "\"is_offset\": 1e-16, \"neighbours\": 3", "neighbours"),
  ])
  func unlikeProtocolsAreNamed(old: String, new: String, field: String) throws {
    try withTemporaryDirectory { folder in
      let (first, second) = (
        try certificate(in: folder), try certificate(in: folder, [(old, new)])
      )
      let error = #expect(throws: EvaluationError.self) {
        try CertificateComparison(first, second)
      }
      #expect("\(error as Any)".contains("  \(field)"), "\(error as Any)")
      let comparison = try CertificateComparison(
        first, second, allowing: [field, "is_offset"])
      #expect(comparison.allowedDifferences.contains { $0.hasPrefix(field) })
    }
  }

  @Test func measurementsOfSeveralSeedsHaveAMeanAndADeviation() throws {
    try withTemporaryDirectory { folder in
      let all = try EvaluationCertificate.combined(
        [("3", "\"0\""), ("4", "\"1\""), ("5", "\"2\"")].map { value, seed in
          try certificate(
            in: folder, [("[3.25], \"mean\": 3.25", "[\(value)]"), ("[\"0\"]", "[\(seed)]")])
        })
      #expect(all.method.seeds == ["0", "1", "2"])
      #expect(all.figures[0].values == [3, 4, 5] && all.figures[0].mean == 4)
      #expect(all.figures[0].deviation == 1 && all.figures[1].deviation == 0)
      #expect(all.description.contains("4 ± 1"))
      #expect(all.subject.digest == "xxh64:03 xxh64:03 xxh64:03")
      #expect(all.subject.stated.map(\.value) == ["0 0 0"])
      let other = try certificate(in: folder, [("50000", "100")])
      #expect(throws: EvaluationError.self) {
        try EvaluationCertificate.combined([other, certificate(in: folder)])
      }
      // Of other weights, or of samples that are known to be others.
      for (old, new, field) in [
        ("\"digest\": \"xxh64:03\"", "\"weights_digest\": \"xxh64:04\"", "subject.weights_digest"),
        ("{\"name\": \"seed\"", "{\"name\": \"top_k\"", "subject.stated.top_k"),
      ] {
        let stranger = try certificate(in: folder, [(old, new)])
        let error = #expect(throws: EvaluationError.self) {
          try EvaluationCertificate.combined([certificate(in: folder), stranger])
        }
        #expect("\(error as Any)".contains("  \(field): absent against "), "\(error as Any)")
      }
    }
  }

  @Test func aCertificateTakesThePlaceOfNothingElse() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/certificate.json"
      try EvaluationCertificate.requirePlace(path)
      try AtomicFile.write([], to: path)
      try EvaluationCertificate.requirePlace(path)
      try certificate(in: folder).write(to: path)
      try EvaluationCertificate.requirePlace(path)
      for text in ["{\"kind\": \"sampling\"}", "model: {}", "{\"protocol\": 1}"] {
        try AtomicFile.write(Array(text.utf8), to: path)
        #expect(throws: CommandError.self) { try EvaluationCertificate.requirePlace(path) }
      }
    }
  }
}
