import Kernels
import Testing

/// That measurements measure something; how much is no test's business.
@Suite struct MeasuredRatesTests {
  @Test func ratesArePositive() throws {
    let rate = try #require(measuredProductRate(.float32, size: 64, seconds: 0))
    #expect(rate > 0 && rate.isFinite)
    let memory = measuredMemoryRate(elementCount: 40_001, seconds: 0)
    #expect(memory > 0 && memory.isFinite)
  }

  @Test func bfloat16HasARateWhereTheProcessorMultipliesIt() {
    let rate = measuredProductRate(.bfloat16, size: 64, seconds: 0)
    #expect((rate != nil) == (BFloat16Route.preferred == .library))
  }
}
