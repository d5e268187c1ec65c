public import Foundation

/// A program that was run to its end: its exit code and what it wrote.
public struct SpawnedProcess: Sendable {
  /// The exit code, or the number of the signal that ended it.
  public let exitCode: Int32
  /// What it wrote to standard output.
  public let standardOutput: String
  /// What it wrote to standard error.
  public let standardError: String
  /// Whether it was stopped because it took too long.
  public let isTimedOut: Bool

  /// Runs a program and waits for its end, without holding a thread.
  ///
  /// - Parameters:
  ///   - executable: The program's file.
  ///   - arguments: Its arguments.
  ///   - environment: Variables set on top of this process's own.
  ///   - timeout: After this many seconds it gets SIGTERM, and three seconds later SIGKILL.
  /// - Returns: What became of it.
  /// - Throws: An error when the program cannot be started or its output not be kept.
  public static func run(
    _ executable: URL, _ arguments: [String], environment: [String: String] = [:],
    timeout: Double = 120
  ) async throws -> SpawnedProcess {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("spawned-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Files, not pipes: a pipe that is read too late stops the program that writes it.
    let files = ["output", "error"].map(folder.appendingPathComponent)
    for file in files { try Data().write(to: file) }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    let isTimedOut = try await wait(for: process, timeout: timeout)
    return SpawnedProcess(
      exitCode: process.terminationStatus,
      standardOutput: String(decoding: try Data(contentsOf: files[0]), as: UTF8.self),
      standardError: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
      isTimedOut: isTimedOut)
  }

  /// Runs one of this package's executables on several ranks of this machine.
  ///
  /// - Parameters:
  ///   - rankCount: The number of ranks; there may be more of them than cores.
  ///   - product: The executable's name.
  ///   - arguments: Its arguments.
  ///   - environment: Variables set on top of this process's own.
  ///   - timeout: The longest it may take, in seconds.
  /// - Returns: What became of `mpirun`, whose exit code is that of the first rank that failed.
  /// - Throws: An error when it cannot be started.
  public static func runRanks(
    _ rankCount: Int, _ product: String, _ arguments: [String] = [],
    environment: [String: String] = [:], timeout: Double = 120
  ) async throws -> SpawnedProcess {
    // Tests may run as root in a container, which `mpirun` refuses unless told twice.
    let allowances = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
    let launcher = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "\(rankCount)"]
    return try await run(
      URL(fileURLWithPath: "/usr/bin/env"),
      launcher + [try locateProduct(product).path] + arguments,
      environment: allowances.merging(environment) { $1 }, timeout: timeout)
  }

  /// The file of one of this package's executables, built beside the running tests.
  ///
  /// - Parameter name: The executable's name.
  /// - Returns: Its file.
  /// - Throws: An error that names the places where it is not.
  public static func locateProduct(_ name: String) throws -> URL {
    // The test bundle is a file in the products directory, or a folder in it that holds the file.
    var folder = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
    var places: [String] = []
    for _ in 0..<4 {
      folder.deleteLastPathComponent()
      let file = folder.appendingPathComponent(name)
      if FileManager.default.isExecutableFile(atPath: file.path) { return file }
      places.append(folder.path)
    }
    throw MissingProduct(name: name, places: places)
  }

  private static func wait(for process: Process, timeout: Double) async throws -> Bool {
    let killer = ProcessKiller(process)
    DispatchQueue.global().asyncAfter(deadline: .now() + timeout) { killer.end(with: SIGTERM) }
    DispatchQueue.global().asyncAfter(deadline: .now() + timeout + 3) { killer.end(with: SIGKILL) }
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      process.terminationHandler = { _ in done.resume() }
      do {
        try process.run()
      } catch {
        process.terminationHandler = nil
        done.resume(throwing: error)
      }
    }
    return killer.hasEnded
  }
}

/// An executable of this package that was not built.
private struct MissingProduct: Error, CustomStringConvertible {
  let name: String
  let places: [String]

  var description: String {
    "no executable \(name) in \(places.joined(separator: ", ")); `swift build --build-tests` makes it"
  }
}

/// Ends a process that takes too long, and remembers that.
///
/// Sendable: the lock is held whenever the state is touched.
private final class ProcessKiller: @unchecked Sendable {
  private let lock = NSLock()
  private weak var process: Process?
  private var isUsed = false

  init(_ process: Process) { self.process = process }

  var hasEnded: Bool { lock.withLock { isUsed } }

  func end(with signal: Int32) {
    lock.withLock {
      guard let process, process.isRunning else { return }
      isUsed = true
      kill(process.processIdentifier, signal)
    }
  }
}
