/// Tells where the time of one step goes.
struct StepClock {
  private let start = ContinuousClock.now
  private let exposedBefore: Duration
  private var dataWaitTime = Duration.zero
  private var exchangeTime = Duration.zero
  private var optimizerTime = Duration.zero

  /// Begins a step; what exchanges count from here on belongs to it.
  init(exposedExchange: Duration) { exposedBefore = exposedExchange }

  /// Counts `body` as waiting for samples.
  mutating func dataWait<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Self.count(&dataWaitTime, body)
  }

  /// Counts `body` as exchange.
  mutating func exchange<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Self.count(&exchangeTime, body)
  }

  /// Counts `body` as the optimizer's.
  mutating func optimizer<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Self.count(&optimizerTime, body)
  }

  private static func count<Result>(
    _ time: inout Duration, _ body: () throws -> Result
  ) rethrows -> Result {
    let start = ContinuousClock.now
    defer { time += ContinuousClock.now - start }
    return try body()
  }

  /// The times since the beginning.
  func times(exposedExchange: Duration) -> StepTimes {
    let total = (ContinuousClock.now - start).inSeconds
    let wait = dataWaitTime.inSeconds
    let exchange = (exposedExchange - exposedBefore + exchangeTime).inSeconds
    let optimizer = optimizerTime.inSeconds
    return StepTimes(
      dataWait: wait, compute: max(0, total - wait - exchange - optimizer), exchange: exchange,
      optimizer: optimizer)
  }
}
