import Foundation

/// One figure of a metrics line.
public enum MetricValue: Sendable, Equatable {
  /// A count.
  case integer(Int)
  /// A number in double precision.
  case number(Double)
  /// A number in single precision, written with no more digits than it has.
  case single(Float)
  /// Numbers in single precision.
  case singles([Float])
  /// A text.
  case text(String)
  /// Yes or no.
  case flag(Bool)

  /// The value in JSON: numbers in the shortest form that reads back as the same number, and `null`
  /// for a number that is not finite.
  package var json: String {
    switch self {
    case .integer(let value): String(value)
    case .number(let value): value.isFinite ? value.description : "null"
    case .single(let value): value.isFinite ? value.description : "null"
    case .singles(let values):
      "[" + values.map { MetricValue.single($0).json }.joined(separator: ",") + "]"
    case .text(let value): jsonString(value)
    case .flag(let value): value ? "true" : "false"
    }
  }
}

/// A text as a JSON string, in quotation marks.
package func jsonString(_ text: String) -> String {
  var json = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": json += "\\\""
    case "\\": json += "\\\\"
    case "\n": json += "\\n"
    case "\t": json += "\\t"
    case _ where scalar.value < 0x20:
      json += String(format: "\\u%04x", scalar.value)
    default: json.unicodeScalars.append(scalar)
    }
  }
  return json + "\""
}
