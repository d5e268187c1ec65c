/// A size that a file, message or header claims, and that cannot be believed.
///
/// It is thrown before anything is multiplied, converted or allocated; a program treats it as it does
/// damaged data.
public struct SizeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The path of the file, or another name for where the number came from.
  public let source: String
  /// What the number is called there.
  public let field: String
  /// The number as it was found; a product or a sum with all its parts.
  public let value: String
  /// What would have been believed.
  public let range: ClosedRange<Int>

  /// A refusal of `value`, which stands for `field` in `source`.
  public init(source: String, field: String, value: String, range: ClosedRange<Int>) {
    self.source = source
    self.field = field
    self.value = value
    self.range = range
  }

  /// What is wrong, without the place and without a full stop.
  public var problem: String {
    "\(field) is \(value), expected \(range.lowerBound) ... \(range.upperBound)"
  }

  /// What to do.
  public var advice: String {
    "The number is damaged, or the file is of another program: restore it from a copy or write it "
      + "anew."
  }

  /// Where, what is wrong, and what to do.
  public var description: String { "\(source): \(problem). \(advice)" }
}

/// The largest sizes that are believed, for each kind of input.
///
/// Each is far above all that is in use, and small enough that sums and products with the few factors
/// that the program multiplies by afterwards stay within 64 bits. Memory is taken only after a second
/// comparison, with the bytes that are there.
public enum SizeLimit {
  /// Elements of one array of any file: 2⁴⁰.
  public static let elementCount = 1 << 40
  /// Bytes of one file: 2⁴⁶, 64 TiB.
  public static let fileByteCount = 1 << 46
  /// Bytes of a manifest, which is read as a whole: 2²⁸, 256 MiB.
  public static let manifestByteCount = 1 << 28
  /// Bytes of what is no regular file, such as a pipe or a device, which is read as a whole: 256 MiB.
  public static let endlessByteCount = 1 << 28
  /// Samples of one data set or codes file: 2⁴⁰.
  public static let sampleCount = 1 << 40
  /// Classes: labels are 32 bits with a sign.
  public static let classCount = Int(Int32.max)
  /// Bytes of a sample's key: longer than any path.
  public static let keyByteCount = 1 << 12
  /// Values of a code: codes are 16 bits.
  public static let vocabularySize = 1 << 16
  /// Finished steps of a run: 2⁴⁸.
  public static let stepCount = 1 << 48
  /// Bytes of an attribute of an HDF5 file, which lies in a header of 2¹⁶ bytes.
  public static let attributeByteCount = 1 << 16
  /// Bytes of one chunk of an HDF5 dataset, which the format counts in 32 bits.
  public static let chunkByteCount = Int(UInt32.max)
  /// Entries of a zip archive of weights.
  public static let archiveEntryCount = 1 << 20
  /// Bytes of a pickle, which says what is in a file of weights: 64 MiB.
  public static let pickleByteCount = 1 << 26
  /// Operations of a pickle; a tensor takes about 15.
  public static let pickleOperationCount = 1 << 20
  /// Bytes of one text of a pickle: 1 MiB.
  public static let pickleTextByteCount = 1 << 20
  /// Dictionaries, lists and tuples within each other in a pickle.
  public static let pickleDepth = 64
  /// Values in all dictionaries, lists and tuples of a pickle, one that occurs twice counted twice: 2¹⁸.
  public static let pickleValueCount = 1 << 18
  /// Axes of a tensor.
  public static let axisCount = 64
  /// Bytes of a tensor's name with those of the dictionaries around it.
  public static let tensorNameByteCount = 1 << 10
  /// Groups within groups of an HDF5 file.
  public static let groupDepth = 32
}

/// A number from outside as a size.
///
/// - Parameters:
///   - number: As it was found, of any type.
///   - field: What it is called there.
///   - source: The path of the file, or another name for where it came from.
///   - least: The smallest size that makes sense.
///   - limit: The largest that is believed, of `SizeLimit` or what is known to be there.
/// - Returns: The number.
/// - Throws: `SizeError` when it is not in `least ... limit`.
/// - Precondition: `0 <= least <= limit`.
public func claimedSize(
  _ number: some BinaryInteger, field: String, of source: String, atLeast least: Int = 0,
  limit: Int
) throws(SizeError) -> Int {
  let range = believedRange(least, limit)
  guard let size = Int(exactly: number), range.contains(size) else {
    throw SizeError(source: source, field: field, value: "\(number)", range: range)
  }
  return size
}

/// A product of numbers from outside, such as the sizes of an array's axes.
///
/// `∏ factors`, 1 for none. A factor of zero makes it zero, but the other factors are looked at all the
/// same: an empty array of absurd sizes is refused.
///
/// - Parameters:
///   - factors: As they were found.
///   - field: What they are called there.
///   - source: The path of the file, or another name for where they came from.
///   - least: The smallest product that makes sense.
///   - limit: The largest that is believed, of `SizeLimit` or what is known to be there.
/// - Returns: The product.
/// - Throws: `SizeError` when a factor is negative or the product is not in `least ... limit`.
/// - Precondition: `0 <= least <= limit`.
public func claimedSize(
  product factors: [some BinaryInteger], field: String, of source: String, atLeast least: Int = 0,
  limit: Int
) throws(SizeError) -> Int {
  let range = believedRange(least, limit)
  let product = combined(factors, from: 1) { $0.multipliedReportingOverflow(by: $1) }
  let isEmpty = factors.contains { $0 == 0 }
  guard let product, product <= limit, range.contains(isEmpty ? 0 : product) else {
    throw SizeError(
      source: source, field: field, value: text(of: factors, joinedBy: " x "), range: range)
  }
  return isEmpty ? 0 : product
}

/// A sum of numbers from outside, such as the counts of a manifest's parts.
///
/// - Parameters:
///   - terms: As they were found.
///   - field: What they are called there.
///   - source: The path of the file, or another name for where they came from.
///   - least: The smallest sum that makes sense.
///   - limit: The largest that is believed, of `SizeLimit` or what is known to be there.
/// - Returns: The sum, 0 for none.
/// - Throws: `SizeError` when a term is negative or the sum is not in `least ... limit`.
/// - Precondition: `0 <= least <= limit`.
public func claimedSize(
  sum terms: [some BinaryInteger], field: String, of source: String, atLeast least: Int = 0,
  limit: Int
) throws(SizeError) -> Int {
  let range = believedRange(least, limit)
  let sum = combined(terms, from: 0) { $0.addingReportingOverflow($1) }
  guard let sum, range.contains(sum) else {
    throw SizeError(
      source: source, field: field, value: text(of: terms, joinedBy: " + "), range: range)
  }
  return sum
}

private func believedRange(_ least: Int, _ limit: Int) -> ClosedRange<Int> {
  precondition(
    least >= 0 && least <= limit, "claimedSize: nothing is in \(least) ... \(limit)")
  return least...limit
}

/// All parts but zeros put together; nil where one is negative or the result does not fit.
private func combined(
  _ parts: [some BinaryInteger], from start: Int,
  _ combine: (Int, Int) -> (partialValue: Int, overflow: Bool)
) -> Int? {
  var result = start
  for part in parts where part != 0 {
    guard part > 0, let size = Int(exactly: part) else { return nil }
    let (next, overflow) = combine(result, size)
    guard !overflow else { return nil }
    result = next
  }
  return result
}

/// The parts as they were found, the first of many.
private func text(of parts: [some BinaryInteger], joinedBy sign: String) -> String {
  let shown = parts.prefix(8).map { "\($0)" }.joined(separator: sign)
  return parts.count > 8 ? "\(shown)\(sign)... (\(parts.count) in all)" : shown
}
