import Kernels
import TestSupport
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

  @Test(arguments: [1, 7, 33, 40_001])
  func theTriadMatchesTheReference(count: Int) {
    var numbers = TestNumbers(seed: 1)
    let (a, b) = (numbers.tensor([count]), numbers.tensor([count]))
    let expected = ElementwiseReference.triad(a.doubles, b.doubles, factor: 2.5)
    let y = Buffer(.float32, count: count)
    triad(into: y, a.buffer, b.buffer, factor: 2.5)
    expectClose(y.array(of: Float.self).map(Double.init), expected, tolerance: 1e-6, "triad")
  }
}
