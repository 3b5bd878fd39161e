/// Reads the records of ZooKeeper's serialization, Jute: big-endian integers; texts and buffers after their length.
/// Each read gives `nil` when the bytes do not suffice.
struct JuteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func int32() -> Int32? { integer() }

    mutating func int64() -> Int64? { integer() }

    /// A buffer that was never set, whose length is written as -1, is read as empty.
    mutating func buffer() -> ArraySlice<UInt8>? {
        guard let length = int32() else { return nil }
        let count = max(0, Int(length))
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func string() -> String? { buffer().map { String(decoding: $0, as: UTF8.self) } }

    mutating func skip(_ count: Int) -> Bool {
        guard count <= rest.count else { return false }
        rest = rest.dropFirst(count)
        return true
    }

    mutating func skipAccessControl() -> Bool {
        guard let count = int32() else { return false }
        for _ in 0..<max(0, count) {
            guard int32() != nil, buffer() != nil, buffer() != nil else { return false }
        }
        return true
    }

    private mutating func integer<Value: FixedWidthInteger>() -> Value? {
        let size = MemoryLayout<Value>.size
        guard size <= rest.count else { return nil }
        defer { rest = rest.dropFirst(size) }
        return rest.prefix(size).reduce(0) { $0 << 8 | Value(truncatingIfNeeded: $1) }
    }
}
