/// What a command prints at its end: its description for people, its figures as JSON for programs.
public protocol CommandReport: Encodable, CustomStringConvertible, Sendable {}
