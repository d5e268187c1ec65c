import Foundation
import Reporting
import Synchronization

/// This program in a process of its own.
enum ChildProcess {
  /// The process that runs; 0 when there is none.
  private static let running = Atomic<pid_t>(0)

  /// Ends the process that runs, for one that waits for it and is ended itself.
  static func end() {
    let process = running.load(ordering: .acquiring)
    if process > 0 { kill(process, SIGKILL) }
  }

  /// Runs the program with other arguments, and waits for its end.
  ///
  /// - Parameter arguments: What follows the program's name.
  /// - Returns: What it wrote to its output; its errors go where this process's go.
  /// - Throws: `CommandError.rehearsalFailed` when it cannot be started, or ends with another status than 0.
  static func output(of arguments: [String]) throws -> [UInt8] {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw failure("it cannot be started", errno) }
    defer { close(ends[0]) }
    let process: pid_t
    do {
      defer { close(ends[1]) }
      process = try start(arguments, output: ends[1], unused: ends[0])
    }
    running.store(process, ordering: .releasing)
    let output = Result { try read(from: ends[0]) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    running.store(0, ordering: .releasing)
    // The macros WIFSIGNALED and WEXITSTATUS, which Swift cannot import.
    let (signal, exitCode) = (status & 0x7F, status >> 8 & 0xFF)
    if signal != 0 {
      throw CommandError.rehearsalFailed(
        "signal \(signal) ended it, as it does where memory is short")
    }
    guard exitCode == 0 else {
      throw CommandError.rehearsalFailed("it ended with status \(exitCode), for the reason above")
    }
    return try output.get()
  }

  private static func failure(_ text: String, _ code: Int32) -> CommandError {
    .rehearsalFailed("\(text): \(String(cString: strerror(code)))")
  }

  /// Starts the program with its output going to a descriptor.
  private static func start(_ arguments: [String], output: Int32, unused: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    for descriptor in [output, unused] {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    let words = (["restok"] + arguments).map { strdup($0) }
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    // Under a launcher two processes cannot be the same rank: the child is none.
    let launched = ["OMPI_", "PMIX_", "PMI_", "ORTE_"]
    let variables = ProcessInfo.processInfo.environment
      .filter { variable in !launched.contains { variable.key.hasPrefix($0) } }
      .map { strdup("\($0.key)=\($0.value)") }
    defer { for variable in variables { free(variable) } }
    let code = posix_spawn(
      &process, "/proc/self/exe", &actions, nil, words + [nil], variables + [nil])
    guard code == 0 else { throw failure("it cannot be started", code) }
    // Where memory runs short, it is the one to go.
    if let file = fopen("/proc/\(process)/oom_score_adj", "w") {
      fputs("1000", file)
      fclose(file)
    }
    return process
  }

  /// Everything up to the end of a pipe.
  private static func read(from descriptor: Int32) throws -> [UInt8] {
    var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
    while true {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw failure("its output cannot be read", errno) }
      if count == 0 { return bytes }
      bytes += buffer.prefix(count)
    }
  }
}
