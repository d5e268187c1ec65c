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

  /// What a file says is all taken in, or the file is refused with what is wrong with it.
  @Test(arguments: [
    ("\"kind\": \"generation\",", "", "the field 'protocol.kind' is missing"),
    ("50000", "\"many\"", "the field 'protocol.images': expected to decode Int"),
    ("[200.5]", "[\"a\"]", "the field 'figures[1].values[0]': expected to decode Double"),
    ("{\"format", "\"format", "the given data was not valid JSON"),
    ("\"mean\": 3.25", "\"mean\": 3.5", "the figure fid has the mean 3.5, its values have 3.25"),
    (
      "\"mean\": 3.25", "\"deviation\": 1",
      "the figure fid has the deviation 1.0, its values have 0"
    ),
    ("[3.25], \"mean\": 3.25", "[1e308, 1e308]", "is no finite number"),
    ("[3.25], \"mean\": 3.25", "[1e308, -1e308]", "is no finite number"),
    ("\"is\", \"values\"", "\"fid\", \"values\"", "the figure fid is there twice"),
    ("\"is_offset\"", "\"colours\": {}, \"is_offset\"", "the field protocol.colours, which"),
    ("\"input\"", "\"layer\": 3, \"input\"", "protocol.networks.inception.layer"),
  ])
  func whatContradictsItselfIsRefused(old: String, new: String, problem: String) throws {
    try withTemporaryDirectory { folder in
      let error = #expect(throws: EvaluationError.self) {
        try certificate(in: folder, [(old, new)])
      }
      #expect("\(error as Any)".contains(problem), "\(error as Any)")
      #expect(!"\(error as Any)".contains("CodingKeys"))
      // What is there without a value is not there.
      _ = try certificate(in: folder, [("\"is_offset\"", "\"colours\": null, \"is_offset\"")])
    }
  }

  @Test func onlyFieldsAreAllowedToDiffer() throws {
    try withTemporaryDirectory { folder in
      let certificate = try certificate(in: folder)
      for field in ["seeds", "networks", "reference.images", "image_order", "neighbours"] {
        _ = try CertificateComparison(certificate, certificate, allowing: [field])
      }
      for field in ["nonsense", "seed", "network", "reference.", ""] {
        let error = #expect(throws: CommandError.self) {
          try CertificateComparison(certificate, certificate, allowing: [field])
        }
        #expect("\(error as Any)".contains("the protocol has no such field"))
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
