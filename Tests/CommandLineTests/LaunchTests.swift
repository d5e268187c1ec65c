import Foundation
import TestSupport
import Testing

/// Launch/local.sh and Launch/cluster.sh with a stand-in for the program.
@Suite(.serialized) struct LaunchTests {
  private static let launch = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Launch")

  /// Does what its first argument says; says how it was started; and saves when asked to stop.
  private static let program = """
    #!/bin/bash
    trap 'echo "rank $OMPI_COMM_WORLD_RANK saves"; exit 75' USR1
    echo "rank $OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE threads $OMP_NUM_THREADS <$2>"
    case "$1" in
      exit) exit "$2" ;;
      wait) touch "$2.$OMPI_COMM_WORLD_RANK"; for _ in $(seq 200); do sleep 0.1; done ;;
      die) kill -9 $$ ;;
    esac
    """

  private func withProgram(_ body: (_ folder: String, _ program: String) async throws -> Void)
    async throws
  {
    try await withTemporaryFolder { folder in
      let program = folder + "/stand in"
      try Self.program.write(toFile: program, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: program)
      try await body(folder, program)
    }
  }

  private func local(_ program: String, _ arguments: String...) async throws -> SpawnedProcess {
    try await SpawnedProcess.run(
      Self.launch.appendingPathComponent("local.sh"), arguments,
      environment: ["RESTOK": program], timeout: 60)
  }

  /// Commands that wait until both ranks of `stopped` have begun.
  private static let awaitReady =
    #"for _ in $(seq 300); do [ -e "$2/ready.0" ] && [ -e "$2/ready.1" ] && break; sleep 0.1; done"#

  /// Two ranks that wait, and shell commands that stop their script, whose process is `$pid`.
  ///
  /// With job control, so that the script is not started with SIGINT ignored, and gets signals with its whole
  /// group, as from a terminal.
  private func stopped(_ folder: String, _ program: String, by commands: String) async throws
    -> SpawnedProcess
  {
    let driver = """
      set -m
      "$1/local.sh" --oversubscribe 2 wait "$2/ready" & pid=$!
      \(commands)
      wait $pid
      exit $?
      """
    return try await SpawnedProcess.run(
      // Threads of a test block signals, and a program inherits that; `env` undoes it.
      URL(fileURLWithPath: "/usr/bin/env"),
      ["--default-signal", "bash", "-c", driver, "driver", Self.launch.path, folder],
      environment: ["RESTOK": program], timeout: 60)
  }

  @Test func argumentsAndStatusPassThrough() async throws {
    try await withProgram { _, program in
      let run = try await local(program, "--oversubscribe", "2", "exit", "a b")
      #expect(run.standardOutput.contains("rank 0 of 2 threads"))
      #expect(run.standardOutput.contains("rank 1 of 2 threads"))
      #expect(run.standardOutput.contains("<a b>"))
      for status in [0, 64, 75] {
        let run = try await local(program, "--oversubscribe", "2", "exit", "\(status)")
        #expect(run.exitCode == status)
        #expect(!run.standardError.contains("non-zero"), "mpirun keeps its own words to itself")
      }
    }
  }

  @Test func moreRanksThanCoresAreAnnounced() async throws {
    let count = ProcessInfo.processInfo.activeProcessorCount + 1
    try await withProgram { _, program in
      let run = try await local(program, "\(count)", "exit", "0")
      #expect(run.exitCode == 0)
      #expect(run.standardError.contains("\(count) ranks on"))
      #expect(run.standardOutput.contains("of \(count) threads 1 "))
    }
  }

  @Test func aKilledRankEndsTheRun() async throws {
    try await withProgram { _, program in
      let run = try await local(program, "--oversubscribe", "2", "die")
      #expect(run.exitCode == 137)
      #expect(run.standardError.contains("ended by signal 9"))
    }
  }

  @Test func wrongUseAndMissingProgramsAreNamed() async throws {
    try await withProgram { folder, program in
      #expect(try await local(program, "0", "exit", "0").exitCode == 64)
      #expect(try await local(program, "2").exitCode == 64)
      let missing = try await local(folder + "/none", "1", "exit", "0")
      #expect(missing.exitCode == 64)
      #expect(missing.standardError.contains("is no program"))
      #expect(try await local(program, "99999999999999999999", "exit", "0").exitCode == 64)
      let colon = try await local(program, "1", "exit", "0", ":", "true")
      #expect(colon.exitCode == 64 && colon.standardError.contains("colon"))
    }
  }

  /// Stopping gently lets every rank save and exit with 75; Open MPI alone would kill them.
  @Test(arguments: ["INT", "TERM", "USR1", "HUP"])
  func aSignalLetsTheRanksSave(signal: String) async throws {
    try await withProgram { folder, program in
      let run = try await stopped(
        folder, program, by: "\(Self.awaitReady); kill -\(signal) -- -$pid")
      #expect(run.exitCode == 75, "\(run.standardError)")
      #expect(run.standardOutput.contains("rank 0 saves"))
      #expect(run.standardOutput.contains("rank 1 saves"))
      #expect(run.standardError.contains("finish their step and save"))
    }
  }

  /// The wish is said again, but a program that each signal interrupts comes to its end.
  @Test func aSlowSaveComesToItsEnd() async throws {
    try await withProgram { folder, program in
      let slow = Self.program.replacing("saves\"; exit", with: "saves\"; sleep 1.2; exit")
      try slow.write(toFile: program, atomically: false, encoding: .utf8)
      let run = try await stopped(folder, program, by: "\(Self.awaitReady); kill -TERM -- -$pid")
      #expect(run.exitCode == 75 && !run.isTimedOut, "\(run.standardError)")
    }
  }

  /// Open MPI crashes when a second SIGTERM comes while its ranks end; a second Ctrl-C is an order.
  @Test(arguments: [("TERM", "TERM", 75), ("HUP", "TERM", 75), ("INT", "INT", 130)])
  func aSecondSignal(first: String, second: String, status: Int) async throws {
    try await withProgram { folder, program in
      let slow = Self.program.replacing("saves\"; exit", with: "saves\"; sleep 1; exit")
      // Not atomically: the file keeps its right to be executed.
      try slow.write(toFile: program, atomically: false, encoding: .utf8)
      let run = try await stopped(
        folder, program,
        by: """
          \(Self.awaitReady); kill -\(first) -- -$pid; sleep 0.3
          for _ in 1 2 3 4; do kill -\(second) -- -$pid 2>/dev/null; sleep 0.3; done
          """)
      #expect(Int(run.exitCode) == status, "\(run.standardError)")
      #expect(!run.standardError.contains("signal 11"))
    }
  }

  /// What is wrong with a host file is said with its line, before Open MPI ends without a word.
  @Test(arguments: [
    ("localhost slots=banana\n", "line 1: 'slots=banana'"), ("localhost slots=1\n", "slots=2"),
    ("localhost slots=1\nlocalhost slots=1\n", "line 2: localhost is there already, in line 1"),
    ("\n# x\nlocalhost slotz=2\n", "line 3: 'slotz=2'"), ("# nothing\n", "names no host"),
    ("nowhere.invalid slots=2\n", "line 1: the host nowhere.invalid cannot be found"),
    ("localhost slots=0\n", "at least 1"), ("-n slots=2\n", "is no host name"),
    ("::1 slots=2\n", "IPv4"), ("localhost slots=2 max_slots=1\n", "less than slots=2"),
    ("localhost slots=1\nLOCALHOST slots=1\n", "line 2: localhost is there already"),
    ("localhost slots=2 user=\n", "names no user"), ("localhost slots=2 max_slots\n", "at least 1"),
  ])
  func aWrongHostFileIsNamed(text: String, message: String) async throws {
    try await withProgram { folder, program in
      let run = try await cluster(folder, program, hosts: text, "2", "exit", "0")
      #expect(run.exitCode == 64)
      #expect(run.standardError.contains(message), "\(run.standardError)")
    }
  }

  /// Line ends of Windows, its mark of an encoding, and bytes that are no UTF-8.
  @Test(arguments: [
    Array("localhost slots=2\r\n".utf8), [0xEF, 0xBB, 0xBF] + Array("localhost slots=2\n".utf8),
    Array("# caf".utf8) + [0xE9] + Array("\nlocalhost slots=2\n".utf8),
  ])
  func bytesOfOtherSystemsAreTaken(hosts: [UInt8]) async throws {
    try await withProgram { folder, program in
      let run = try await cluster(folder, program, hostBytes: hosts, "2", "exit", "72")
      #expect(run.exitCode == 72, "\(run.standardError)")
    }
  }

  @Test func aFolderIsNoHostFile() async throws {
    try await withProgram { folder, program in
      let run = try await SpawnedProcess.run(
        Self.launch.appendingPathComponent("cluster.sh"), [folder, "1", "exit", "0"],
        environment: ["RESTOK": program], timeout: 60)
      #expect(run.exitCode == 64 && run.standardError.contains("no plain file"))
    }
  }

  /// Open MPI passes on no signal before it has ranks, so the wish to stop is said again.
  @Test(arguments: [0.05, 0.3])
  func aStopDuringTheLaunchIsNotLost(after seconds: Double) async throws {
    try await withProgram { folder, program in
      let run = try await stopped(
        folder, program, by: "sleep \(seconds); kill -TERM -- -$pid")
      // The scripts themselves end by the signal as long as they have not started mpirun.
      #expect([75, 143].contains(run.exitCode), "\(run.exitCode): \(run.standardError)")
    }
  }

  /// More threads than there are cores to bind: Open MPI's own reason is shown, quiet as it is.
  @Test func whatOpenMPIRefusesIsSaid() async throws {
    try await withProgram { folder, program in
      let run = try await cluster(
        folder, program, hosts: "localhost slots=2\n", threads: "4096", "2", "exit", "0")
      #expect(run.exitCode != 0)
      #expect(run.standardError.contains("Open MPI could not start the ranks"))
      #expect(run.standardError.contains("cpus") || run.standardError.contains("slots"))
    }
  }

  /// A name of ssh's own configuration, or one that is reached through another host, is no mistake.
  @Test(arguments: [
    ("hostname localhost", true), ("hostname node-1.invalid\nproxyjump gate", true),
    ("hostname node-1.invalid", false),
  ])
  func aHostMayBeKnownToSSHAlone(settings: String, isKnown: Bool) async throws {
    try await withProgram { folder, program in
      let ssh = folder + "/ssh"
      try "#!/bin/sh\n[ \"$1\" = -G ] && echo '\(settings)' || exit 255\n".write(
        toFile: ssh, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: ssh)
      let run = try await cluster(
        folder, program, hosts: "node-1.invalid slots=1\n", path: folder, "1", "exit", "0")
      #expect(run.standardError.contains("cannot be found") == !isKnown, "\(run.standardError)")
      #expect((run.exitCode == 64) == !isKnown)
    }
  }

  private func cluster(
    _ folder: String, _ program: String, hosts: String = "", hostBytes: [UInt8]? = nil,
    threads: String = "1", path: String? = nil, _ arguments: String...
  ) async throws -> SpawnedProcess {
    try Data(hostBytes ?? Array(hosts.utf8)).write(to: URL(fileURLWithPath: folder + "/hosts"))
    var environment = ["RESTOK": program, "THREADS": threads]
    if let path {
      environment["PATH"] = path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
    }
    return try await SpawnedProcess.run(
      Self.launch.appendingPathComponent("cluster.sh"), [folder + "/hosts"] + arguments,
      environment: environment, timeout: 60)
  }

  @Test func aClusterOfThisHostWorks() async throws {
    try await withProgram { folder, program in
      let hosts = folder + "/hosts"
      try "# one host\nlocalhost slots=1\n".write(
        toFile: hosts, atomically: true, encoding: .utf8)
      let script = Self.launch.appendingPathComponent("cluster.sh")
      let run = try await SpawnedProcess.run(
        script, [hosts, "1", "exit", "72"], environment: ["RESTOK": program, "THREADS": "1"],
        timeout: 60)
      #expect(run.exitCode == 72, "\(run.standardError)")
      #expect(run.standardOutput.contains("rank 0 of 1 threads 1 <72>"))
      let missing = try await SpawnedProcess.run(
        script, [folder + "/none", "1", "exit", "0"], environment: ["RESTOK": program])
      #expect(missing.exitCode == 64)
    }
  }

  @Test func setUpIsQuickAndSaysWhatIsMissing() async throws {
    let script = Self.launch.appendingPathComponent("setup.sh")
    try await withTemporaryFolder { folder in
      let swift = folder + "/swift"
      func run(version: String) async throws -> SpawnedProcess {
        try "#!/bin/sh\necho 'Swift version \(version) (x)'\n".write(
          toFile: swift, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: swift)
        return try await SpawnedProcess.run(
          script, [], environment: ["PATH": folder + ":/usr/bin:/bin"], timeout: 60)
      }
      for old in ["5.10", "6.0.3"] {
        let old = try await run(version: old)
        #expect(old.exitCode == 1)
        #expect(old.standardError.contains("needs Swift 6.1 or newer"))
        #expect(old.standardError.contains("https://www.swift.org/install/linux/"))
      }
    }
  }
}
