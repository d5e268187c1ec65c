import Foundation

/// Gives the calling thread's signal handlers a stack of their own, for the rest of the process's life.
///
/// A thread that computes needs it before it handles a signal, with the flag SA_ONSTACK: oneDNN's
/// generated products keep numbers farther below the stack pointer than the 128 bytes that the frame of
/// a handler leaves alone, so that one in the middle of a product would make it write anywhere.
public func useSignalStack() {
  // The registers of AVX-512 and AMX that the system saves take 11 KiB.
  let byteCount = 1 << 16
  var stack = stack_t()
  sigaltstack(nil, &stack)
  let isThere = stack.ss_flags & Int32(SS_DISABLE) == 0 && stack.ss_size >= byteCount
  if isThere { return }
  stack = stack_t()
  stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 16)
  stack.ss_size = byteCount
  let status = sigaltstack(&stack, nil)
  precondition(status == 0, "useSignalStack: sigaltstack failed, errno \(errno)")
}
