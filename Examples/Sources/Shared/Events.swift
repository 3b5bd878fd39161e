import Foundation

/// Prints one event, in one line, at once.
public func say(_ event: String) {
    FileHandle.standardOutput.write(Data((event + "\n").utf8))
}

/// The present time in milliseconds since 1970.
public func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
