import Foundation

// The program of libFuzzer with one of the targets. The environment says which: RESTOK_FUZZ_TARGET, its
// name; RESTOK_FUZZ_FOLDER, an empty folder for the files beside the input; RESTOK_FUZZ_SEEDS, a folder
// to write sound inputs into, instead of fuzzing.

/// LibFuzzer's loop, in the library that the compiler links for `-sanitize=fuzzer`.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
  _ argumentCount: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

var argumentCount = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(runFuzzer(&argumentCount, &arguments) { testOneInput($0, $1) })
