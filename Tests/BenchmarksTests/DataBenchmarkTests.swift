import Benchmarks
import MessagePassing
import Testing

/// What is timed of the way of images, without the times.
@Suite struct DataBenchmarkTests {
  @Test func imagesAreMadeUpWithoutAFile() throws {
    var benchmark = DataBenchmark()
    (benchmark.size, benchmark.sampleCountPerLane, benchmark.stepCount) = (8, 2, 3)
    let one = try #require(try benchmark.run(.single()))
    #expect(one.readings.map(\.kind) == [.formed] && one.fedRankCount == nil)
    #expect(one.readings[0].imageCount == 6 && one.whole.imageCount == 6)
    #expect(one.linkBytesPerSecond == nil && one.sending.sentMessageCount == 0)
    #expect(one.decodingRates.count == 1 && one.description.contains("one rank sends nothing"))
    benchmark.samplesPerSecond = one.coordinatorImagesPerSecond * 2
    #expect(try #require(try benchmark.run(.single())).fedRankCount != nil)
  }
}
