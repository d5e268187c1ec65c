import Foundation
import Reporting
import Synchronization
import TestSupport
import Testing
import Training

@Suite struct ProgressTests {
  @Test(arguments: [
    (0.0, "0 s"), (41.2, "42 s"), (60, "1:00"), (754, "12:34"), (3723, "1:02:03"),
    (172_799, "47:59:59"), (273_600, "3 d 04 h"), (.infinity, "?"), (-1, "?"),
  ])
  func durations(seconds: Double, text: String) {
    #expect(ProgressText.duration(seconds) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (0.12345, "0.1235"), (12.345, "12.35"), (-3.5, "-3.500"), (123_456, "123456"),
    (1e-4, "1.00e-04"), (2.5e7, "2.50e+07"), (.nan, "nan"), (-.infinity, "-inf"),
  ])
  func figures(value: Double, text: String) {
    #expect(FigureText.significant(value) == text)
  }

  @Test func unknownFigures() {
    #expect(FigureText.significant(nil) == "?")
    #expect(ProgressText.percent(nil) == "?")
    #expect(ProgressText.percent(0.126) == "13 %")
    #expect(ProgressText.duration(nil) == "?")
  }

  @Test func thePaceIsThatOfTheLastSteps() {
    var pace = PaceWindow(stepCount: 2, start: 10)
    #expect(pace.samplesPerSecond == nil && pace.dataWaitShare == nil)
    pace.add(time: 110, sampleCount: 8, dataWaitSeconds: 90)
    pace.add(time: 112, sampleCount: 8, dataWaitSeconds: 0.5)
    pace.add(time: 114, sampleCount: 8, dataWaitSeconds: 0.5)
    #expect(pace.samplesPerSecond == 4)
    #expect(pace.secondsPerStep == 2)
    #expect(pace.dataWaitShare == 0.25)
    pace.restart(at: 1000)
    pace.add(time: 1001, sampleCount: 8, dataWaitSeconds: 0)
    #expect(pace.samplesPerSecond == 8)
  }

  @Test func measuredSharesOfAStepAreShown() {
    var pace = PaceWindow(stepCount: 2, start: 0)
    pace.add(
      time: 2, sampleCount: 8, dataWaitSeconds: 0.5, exchangeSeconds: 0.1, optimizerSeconds: 0.2)
    var progress = progress(step: 120)
    progress.exchangeSeconds = 0.1
    progress.optimizerSeconds = 0.2
    let line = ProgressText.line(progress, stepCount: 1000, pace: pace)
    #expect(line.contains("  data wait 25 %  exchange 5 %  optimizer 10 %  4.000 samples/s  "))
  }

  @Test func aLineFitsEveryWidth() {
    var pace = PaceWindow(stepCount: 2, start: 0)
    pace.add(time: 2, sampleCount: 8, dataWaitSeconds: 0.5)
    let progress = progress(step: 120)
    let whole = ProgressText.line(progress, stepCount: 1000, pace: pace)
    #expect(
      whole
        == "step 120/1000  loss 0.5000  learning rate 1.00e-04  gradient 2.000  data wait 25 %  "
        + "4.000 samples/s  29:20 left")
    for width in 1...120 {
      let line = ProgressText.line(progress, stepCount: 1000, pace: pace, width: width)
      #expect(line.count <= width)
      #expect(line.hasPrefix(String("step 120/1000".prefix(width))))
    }
    let narrow = ProgressText.line(progress, stepCount: 1000, pace: pace, width: 40)
    #expect(narrow == "step 120/1000  loss 0.5000  29:20 left")
  }

  @Test func aFileGetsALineEveryFewSteps() throws {
    let terminal = RecordedTerminal()
    let log = try RunLog(path: nil, terminal: terminal.output(isTerminal: false))
    let time = Mutex(0.0)
    var reporter = ProgressReporter(
      stepCount: 25, lineInterval: 10, windowStepCount: 5, log: log,
      clock: { time.withLock { $0 } })
    for step in 1...25 {
      time.withLock { $0 += 1 }
      reporter.report(progress(step: step))
    }
    reporter.finish()
    let lines = terminal.text.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[0].contains("step 10/25") && lines[0].hasSuffix("8.000 samples/s  15 s left"))
    #expect(lines[2].contains("step 25/25") && lines[2].hasSuffix("0 s left"))
    #expect(!terminal.text.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
    #expect(reporter.samplesPerSecond == 8)
  }

  @Test func theUtilisationIsAgainstTheMeasuredRate() throws {
    let terminal = RecordedTerminal()
    let log = try RunLog(path: nil, terminal: terminal.output(isTerminal: false))
    let time = Mutex(0.0)
    var reporter = ProgressReporter(
      stepCount: 20, lineInterval: 10, windowStepCount: 5, log: log,
      clock: { time.withLock { $0 } })
    #expect(reporter.modelFLOPsUtilization == nil)
    reporter.fullRateSamplesPerSecond = 32
    #expect(reporter.modelFLOPsUtilization == nil)
    for step in 1...10 {
      time.withLock { $0 += 1 }
      reporter.report(progress(step: step))
    }
    #expect(reporter.modelFLOPsUtilization == 0.25)
    #expect(terminal.text.contains("8.000 samples/s  utilisation 25 %  10 s left"))
  }

  @Test func aTerminalGetsOneLine() throws {
    let terminal = RecordedTerminal()
    let log = try RunLog(path: nil, terminal: terminal.output(isTerminal: true, width: 30))
    let time = Mutex(0.0)
    var reporter = ProgressReporter(
      stepCount: 100, lineInterval: 1, windowStepCount: 5, log: log,
      clock: { time.withLock { $0 } })
    for step in 1...50 {
      time.withLock { $0 += 0.01 }
      reporter.report(progress(step: step))
    }
    reporter.finish()
    let shown = terminal.text.components(separatedBy: "\r\u{1B}[K").dropFirst()
    #expect(shown.count >= 4 && shown.count <= 7)
    #expect(shown.last == "")
    #expect(shown.allSatisfy { $0.count < 30 && !$0.contains("\n") })
  }

  private func progress(step: Int) -> StepProgress {
    StepProgress(
      step: step, loss: 0.5, learningRate: 1e-4, gradientNorm: 2, sampleCount: 8,
      dataWaitSeconds: 0.25)
  }
}
