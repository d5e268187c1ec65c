import Foundation

/// The bytes of a whole file, mapped into memory, so that a part that is not used is not read.
///
/// - Throws: `FileError`.
func fileContent(at path: String) throws -> Data {
  let descriptor = try openFile(path, O_RDONLY)
  defer { close(descriptor) }
  var status = stat()
  try systemCall("fstat", on: path) { fstat(descriptor, &status) }
  switch status.st_mode & S_IFMT {
  case S_IFDIR:
    throw FileError(operation: "open", path: path, code: EISDIR)
  case S_IFREG where status.st_size > 0:
    let count = Int(status.st_size)
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED
    else {
      throw FileError(operation: "mmap", path: path, code: errno)
    }
    return Data(bytesNoCopy: start, count: count, deallocator: .unmap)
  default:
    // A pipe, for instance; nothing of it can be mapped.
    return Data(try FileSystem.bytes(of: path))
  }
}
