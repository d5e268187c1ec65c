import Foundation
import TestSupport
import Testing

/// Paths as the shell gives them, places that refuse, outputs that are lost, signals.
@Suite struct PathsAndStreamsTests {
  /// Runs a script of the shell in a folder; `$restok` is the program.
  private func shell(_ script: String, in folder: String, timeout: Double = 120) async throws
    -> SpawnedProcess
  {
    // Threads of a test block signals, and a program inherits that; `env` undoes it.
    try await SpawnedProcess.run(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["--default-signal", "bash", "-c", "cd \"$folder\"\n" + script],
      environment: [
        "restok": try SpawnedProcess.locateProduct("restok").path, "folder": folder, "LC_ALL": "C",
      ], timeout: timeout)
  }

  @Test(arguments: ["d", "'~'", "'~/x'", "'a b'", "$'caf\\xe9'", "./e/../f", "$'\\xc3\\xa9/'"])
  func everyPathIsTheShells(path: String) async throws {
    try await withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/~", withIntermediateDirectories: true)
      let run = try await shell(
        """
        set -e
        path=\(path)
        "$restok" data digits "$path"
        [ -e "$path/train/dataset.json" ] || exit 90
        "$restok" data info "$path/train" --json
        "$restok" data verify "$path/evaluation"
        """, in: folder)
      #expect(run.exitCode == 0, "\(run.standardError)")
      #expect(run.standardOutput.contains("197 of 197 images are good"))
    }
  }

  @Test func bytesAndControlsAreShownAsText() async throws {
    try await withTemporaryFolder { folder in
      let run = try await shell(
        #""$restok" data info $'n\xe9\e[2J\n\xc2\x9bx'"#, in: folder)
      #expect(run.exitCode == 65)
      #expect(run.standardError.contains(#"n\xE9\u{1b}[2J\u{a}\u{9b}x/dataset.json"#))
      #expect(!run.standardError.contains("\u{1B}"))
    }
  }

  /// The place of an output that cannot be written is an error of the disk, with the path.
  @Test func placesThatRefuseAreTheDisks() async throws {
    try await withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/images/a", withIntermediateDirectories: true)
      try Data(Self.png).write(to: URL(fileURLWithPath: folder + "/images/a/1.png"))
      for (command, path) in [
        ("data digits /proc/nowhere/x", "/proc/nowhere"),
        ("data pack images /proc/nowhere/x --keep", "/proc/nowhere"),
        ("data digits images/a/1.png/x", "images/a/1.png"),
        ("data digits \"$(printf %0300d 0)\"", "0000"),
      ] {
        let run = try await shell("\"$restok\" \(command)", in: folder)
        #expect(run.exitCode == 73, "\(command): \(run.standardError)")
        #expect(run.standardError.contains(path) && run.standardError.contains("errno"))
        #expect(!run.standardError.contains("Domain"), "\(run.standardError)")
      }
      // A limit of a file's size is an error too, not the end by a signal.
      let full = try await shell(
        "ulimit -f 8; \"$restok\" data digits d; echo $?; ls -A", in: folder)
      #expect(full.standardOutput == "73\nimages\n", "\(full.standardError)")
    }
  }

  @Test(arguments: [
    ("data info d/train >/dev/full", 73, "No space left"),
    ("data info d/train >&-", 73, "Bad file descriptor"),
    ("--help >/dev/full", 73, "No space left"), ("data info d/train --json 2>/dev/full", 0, ""),
    ("data info nowhere 2>/dev/full", 65, ""), ("data info nowhere 2>&-", 65, ""),
    ("data info d/train > >(exec <&-; sleep 1)", 73, "Broken pipe"),
  ])
  func lostOutputsAreTold(command: String, status: Int, text: String) async throws {
    try await withTemporaryFolder { folder in
      let run = try await shell(
        "\"$restok\" data digits d >/dev/null || exit 90\n\"$restok\" \(command)", in: folder)
      #expect(Int(run.exitCode) == status, "\(run.standardError)")
      #expect(text.isEmpty || run.standardError.contains(text))
    }
  }

  /// A signal removes what a command was writing aside; SIGKILL cannot, but the next command does.
  @Test(arguments: [("INT", 130), ("TERM", 143), ("HUP", 129), ("KILL", 137)])
  func anEndedCommandLeavesNothing(signal: String, status: Int) async throws {
    try await withTemporaryFolder { folder in
      let run = try await shell(
        """
        set -m
        "$restok" data synthesize out/data --size 256 --count 1000000 & pid=$!
        for _ in $(seq 600); do ls -A out 2>/dev/null | grep -q tmp && break; sleep 0.05; done
        kill -\(signal) $pid
        wait $pid
        echo "status $?"
        [ \(signal) = KILL ] && ls -A out | grep -q tmp && echo left
        "$restok" data digits out/digits >/dev/null
        ls -A out
        """, in: folder)
      let left = signal == "KILL" ? "left\n" : ""
      #expect(run.standardOutput == "status \(status)\n\(left)digits\n", "\(run.standardError)")
    }
  }

  /// A packing is what is kept: the next one goes on, and ends in the same bytes.
  @Test(arguments: ["INT", "KILL"])
  func anEndedPackingGoesOn(signal: String) async throws {
    try await withTemporaryFolder { folder in
      let images = folder + "/images/a"
      try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
      for number in 0..<300 {
        try Data(Self.png).write(to: URL(fileURLWithPath: images + "/\(number).png"))
      }
      let run = try await shell(
        """
        set -m
        "$restok" data pack images out/data --size 1024 --shard-size 1 & pid=$!
        for _ in $(seq 600); do ls out/.data.packing/records 2>/dev/null | grep -q json && break; sleep 0.01; done
        kill -\(signal) $pid
        wait $pid
        [ -e out/data ] || echo unfinished
        "$restok" data pack images out/data --size 1024 --shard-size 1 2>words
        grep -c "shards are finished already" words
        "$restok" data pack images out/whole --size 1024 --shard-size 1 >/dev/null
        diff -r out/data out/whole && ls -A out
        """, in: folder)
      #expect(
        run.standardOutput
          == "unfinished\nout/data: 300 images of 1 classes in 300 shards\n1\ndata\nwhole\n",
        "\(run.standardError)")
    }
  }

  /// One grey pixel.
  private static let png: [UInt8] = [
    0x89, 0x50, 0x4E, 0x47, 13, 10, 0x1A, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0,
    0, 0, 1, 8, 0, 0, 0, 0, 0x3A, 0x7E, 0x9B, 0x55, 0, 0, 0, 10, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9C, 0x63, 0x68, 0, 0, 0, 0x82, 0, 0x81, 0x77, 0xCD, 0x72, 0xB6, 0, 0, 0, 0, 0x49, 0x45,
    0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
  ]
}
