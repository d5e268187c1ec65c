import MessagePassing
import Testing

struct PoliteWaitTests {
  private struct Failure: Error {}

  @Test func asksUntilItIsDone() {
    var questionCount = 0
    let isDone = PoliteWait()(deadline: nil) {
      questionCount += 1
      return questionCount == 5000
    }
    #expect(isDone && questionCount == 5000)
  }

  @Test func givesUpAfterTheDeadline() {
    #expect(!PoliteWait()(deadline: .milliseconds(1)) { false })
    // What is done already needs no time.
    #expect(PoliteWait()(deadline: .zero) { true })
  }

  @Test func passesErrorsOn() {
    #expect(throws: Failure.self) { try PoliteWait()(deadline: nil) { throw Failure() } }
  }
}
