import Benchmarks
import ImageFiles
import TestSupport
import Testing

/// What is timed of image files, without the times.
@Suite struct DecodingBenchmarkTests {
  private let folder = Repository.folder + "/Tests/GoldenTests/Goldens/images/"

  @Test func everyPreparationIsTimed() throws {
    let paths = ["photo-09.jpg", "webp-odd.webp", "png-rgb8.png"].map { folder + $0 }
    let report = try DecodingBenchmark(
      paths: paths, count: 2, sizes: [8, 16], repetitionCount: 1
    ).run()
    #expect(report.imageCount == 2)
    #expect(report.fileByteCount == 9270 + 312)
    #expect(report.pixelByteCount == 3 * (181 * 300 + 17 * 31))
    #expect(report.rates.map(\.size) == [nil, 8, 8, 8, 16, 16, 16])
    #expect(Set(report.rates.map(\.preparation)) == Set(DecodingBenchmark.Preparation.allCases))
    #expect(report.rates.allSatisfy { $0.imagesPerSecond > 0 && $0.imagesPerSecond.isFinite })
    #expect(report.description.split(separator: "\n").count == 8)
  }

  @Test func damageIsNamed() throws {
    let path = folder + "png-truncated.png"
    let benchmark = try DecodingBenchmark(
      paths: [path], count: 1, sizes: [8], repetitionCount: 1)
    let error = #expect(throws: ImageError.self) { try benchmark.run() }
    #expect(error?.name == path)
    #expect(throws: ImageError.self) {
      try DecodingBenchmark(
        paths: [folder + "none"], count: 1, sizes: [8], repetitionCount: 1)
    }
  }
}
