import MachineReport
import Testing
import Training

@Suite struct SystemPinsTests {
  private let pins = SystemPins(
    threadCountPerRank: 2, instructionSet: "x86-64 avx2",
    libraryVersions: ["oneDNN": "2.6.3", "OpenBLAS": "0.3.21"], laneCount: 8,
    sampleCountPerLane: 4)

  @Test func equalPinsDifferInNothing() {
    #expect(pins.differences(from: pins.recorded).isEmpty)
  }

  @Test func differencesAreNamed() {
    var checkpoint = pins.recorded
    checkpoint["threads_per_rank"] = "4"
    checkpoint["version.OpenBLAS"] = nil
    checkpoint["version.MKL"] = "2024"
    #expect(
      pins.differences(from: checkpoint) == [
        "threads_per_rank is 2, the checkpoint was written with 4",
        "version.MKL is not known here, the checkpoint was written with 2024",
        "version.OpenBLAS is 0.3.21, the checkpoint does not say",
      ])
  }

  @Test func theInstructionSetIsReadFromTheFlags() {
    let intel = "processor\t: 0\nflags\t\t: fpu avx2 fma avx512f avx avx512_bf16 amx_bf16\nbugs:\n"
    #expect(
      InstructionSet.description(architecture: "x86-64", cpuinfo: intel)
        == "x86-64 avx fma avx2 avx512f avx512_bf16 amx_bf16")
    let arm = "processor : 0\nFeatures : fp asimd sve bf16\n"
    #expect(
      InstructionSet.description(architecture: "arm64", cpuinfo: arm) == "arm64 asimd sve bf16")
    #expect(InstructionSet.description(architecture: "arm64", cpuinfo: "") == "arm64")
    #expect(!InstructionSet.current.isEmpty)
  }
}
