public import DataParallel
import Foundation
public import MessagePassing
public import Reporting

/// What `restok doctor` finds out: the machines of all ranks, their rates, and what is wrong.
public struct MachineCheck: CommandReport, Codable, Equatable {
  /// One a rank.
  public var machines: [RankMachine]
  /// One a rank, measured at the same time.
  public var rates: [MachineRates]
  /// The time of a sum over all ranks; nil with one rank.
  public var allReduce: AllReduceTiming?
  /// What costs speed, and what to do; none when all is well.
  public var findings: [MachineFinding]

  /// Makes a check of given figures; the findings follow from them.
  public init(machines: [RankMachine], rates: [MachineRates], allReduce: AllReduceTiming?) {
    self.machines = machines
    self.rates = rates
    self.allReduce = allReduce
    findings =
      MachineFinding.findings(of: machines)
      + MachineFinding.findings(of: machines, rates: rates)
  }

  /// Looks at the machines of all ranks and measures them; changes nothing.
  ///
  /// Collective: every rank.
  ///
  /// - Returns: The check, alike on every rank.
  /// - Throws: `MessagePassingError`.
  public static func run(_ communicator: Communicator) throws -> MachineCheck {
    RankThreads.setAutomatic()
    let machines = try RankMachine.all(communicator)
    let rates = try communicator.allGatherValue(MachineRates.measured(communicator))
    let allReduce =
      communicator.worldSize > 1
      ? try communicator.allReduceTiming(byteCount: 100_000_000, repetitionCount: 3) : nil
    return MachineCheck(machines: machines, rates: rates, allReduce: allReduce)
  }
}

extension MachineCheck {
  /// A table, then the findings.
  public var description: String {
    var lines: [String] = []
    func row(_ name: String, _ value: String) {
      lines.append(name.padding(toLength: 22, withPad: " ", startingAt: 0) + value)
    }
    for (machine, rates) in zip(machines, rates) {
      if machines.count > 1 { row("rank", "\(machine.rank) on \(machine.hostName)") }
      facts(machine, row)
      measured(rates, machine, row)
      lines.append("")
    }
    if let allReduce {
      row("sum over ranks", line(allReduce))
      lines.append("")
    }
    lines.append(findings.isEmpty ? "no findings" : "\(findings.count) finding(s)")
    for finding in findings {
      lines.append("- \(finding.subject) on \(finding.place): \(finding.problem)")
      lines.append("  to fix: \(finding.fix)")
    }
    return lines.joined(separator: "\n")
  }

  private func facts(_ machine: RankMachine, _ row: (String, String) -> Void) {
    let (processor, libraries) = (machine.processor, machine.libraries)
    let (binding, memory) = (machine.binding, machine.memory)
    row("processor", "\(processor.modelName) (\(processor.architecture))")
    row("extensions", processor.features.joined(separator: " "))
    row("OpenBLAS", "\(libraries.openBLASCore) of \(libraries.openBLASConfiguration)")
    row("oneDNN", "\(libraries.oneDNNVersion), \(libraries.oneDNNInstructionSet)")
    row(
      "3×3 convolutions",
      "of 128 channels of 64×64: output, gradients of input and weights; processor kind "
        + machine.convolutions.processor.rawValue)
    for (name, value) in machine.convolutions.rows { row("  " + name, value) }
    row("MPI", machine.messagePassingLibrary)
    for (name, value) in machine.overrides.sorted(by: { $0.key < $1.key }) { row(name, value) }
    let requested = binding.requestedThreadCount.map { "OMP_NUM_THREADS=\($0)" }
    row(
      "threads",
      "\(binding.threadCount) on \(binding.allowedCores.count) core(s) "
        + "(\(requested ?? "OMP_NUM_THREADS is not set"))")
    row(
      "memory",
      "\(FigureText.gibibytes(memory.availableByteCount)) GiB of \(FigureText.gibibytes(memory.totalByteCount)) GiB "
        + "available, large pages: \(memory.hugePages.isEmpty ? "unknown" : memory.hugePages)")
  }

  private func measured(
    _ rates: MachineRates, _ machine: RankMachine, _ row: (String, String) -> Void
  ) {
    row(
      "float32 products",
      "\(billions(rates.float32Product)) GFLOP/s, \(billions(rates.float32ProductOneThread)) with "
        + "one thread")
    row(
      "bfloat16 products",
      rates.bfloat16Product.map { "\(billions($0)) GFLOP/s" }
        ?? (machine.convolutions.processor == .slowPairs
          ? "as float32 products, which this processor does twice as fast"
          : "not supported by this processor, or kept from it"))
    row("memory rate", "\(billions(rates.memory)) GB/s")
  }

  private func billions(_ value: Double) -> String { String(format: "%.1f", value / 1e9) }

  private func line(_ sum: AllReduceTiming) -> String {
    func time(_ seconds: Double, _ rate: Double) -> String {
      String(format: "%.1f µs (%.2f GB/s)", seconds * 1e6, rate / 1e9)
    }
    return "\(sum.byteCount) bytes: canonical "
      + "\(time(sum.canonicalSeconds, sum.canonicalBytesPerSecond)), library "
      + time(sum.librarySeconds, sum.libraryBytesPerSecond)
  }
}
