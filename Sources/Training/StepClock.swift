import DataParallel

/// Tells where the time of one step goes.
struct StepClock {
  private let start = ContinuousClock.now
  private let waitBefore: Duration
  private let exposedBefore: Duration
  private var exchangeTime = Duration.zero
  private var optimizerTime = Duration.zero

  /// Begins a step; what `transport` and `exchange` count from here on belongs to it.
  init(_ transport: SampleTransport, _ exchange: GradientExchange) {
    waitBefore = transport.waitTime
    exposedBefore = exchange.exposedTime
  }

  /// Counts `body` as exchange.
  mutating func exchange<Result>(_ body: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    defer { exchangeTime += ContinuousClock.now - start }
    return try body()
  }

  /// Counts `body` as the optimizer's.
  mutating func optimizer<Result>(_ body: () throws -> Result) rethrows -> Result {
    let start = ContinuousClock.now
    defer { optimizerTime += ContinuousClock.now - start }
    return try body()
  }

  /// The times since the beginning.
  func times(_ transport: SampleTransport, _ exchange: GradientExchange) -> StepTimes {
    let total = (ContinuousClock.now - start).inSeconds
    let wait = (transport.waitTime - waitBefore).inSeconds
    let exchange = (exchange.exposedTime - exposedBefore + exchangeTime).inSeconds
    let optimizer = optimizerTime.inSeconds
    return StepTimes(
      dataWait: wait, compute: max(0, total - wait - exchange - optimizer), exchange: exchange,
      optimizer: optimizer)
  }
}
