import Foundation

/// A log that processes share, with one file for each name. It refuses whoever shows an older fencing token than the
/// file has seen: so a process that was replaced and does not know it yet can do no harm.
///
/// This is what a database would do for you with a condition on the token in the same transaction as the write.
public struct FencedLog: Sendable {
    private let directory: URL

    /// The log in a directory, which is created.
    public init(directory path: String) throws {
        directory = URL(filePath: path)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    /// Appends entries to the file of a name, while nobody else can.
    ///
    /// - Parameters:
    ///   - token: the fencing token of the transition by which the node got its right to write.
    ///   - next: makes the entries' events and numbers; it is given the last entry.
    /// - Returns: the entries.
    /// - Throws: ``Fenced`` when an entry with a newer token is there.
    @discardableResult
    public func append(
        to name: String, by node: String, token: Int64,
        _ next: (_ last: Entry?) -> [(event: String, number: Int64)]
    ) throws -> [Entry] {
        try withLockedFile(name) { file in
            let last = try lastEntry(of: file)
            if let last, last.token > token { throw Fenced(name: name, token: token, by: last) }
            let entries = next(last).map { event, number in
                Entry(event: event, number: number, node: node, token: token, time: now())
            }
            try file.write(contentsOf: Data(entries.map { $0.line + "\n" }.joined().utf8))
            return entries
        }
    }

    /// All entries of a name, in the order in which they were written.
    public func entries(of name: String) throws -> [Entry] {
        let file = url(name)
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { Entry(line: $0) }
    }

    private func url(_ name: String) -> URL { directory.appending(path: "\(name).log") }

    private func withLockedFile<Value>(_ name: String, _ body: (FileHandle) throws -> Value) throws -> Value {
        let path = url(name).path
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path]) }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        defer { try? file.close() }  // which also unlocks it; what was written is checked by then
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw CocoaError(.fileLocking, userInfo: [NSFilePathErrorKey: path]) }
        }
        return try body(file)
    }

    private func lastEntry(of file: FileHandle) throws -> Entry? {
        let end = try file.seekToEnd()
        try file.seek(toOffset: end - min(end, 1_024))
        let tail = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        return tail.split(separator: "\n").last.flatMap { Entry(line: $0) }
    }
}

extension FencedLog {
    /// One line of the log.
    public struct Entry: Sendable, Hashable {
        /// What happened.
        public var event: String
        /// Which one it was.
        public var number: Int64
        /// Who did it.
        public var node: String
        /// With what right.
        public var token: Int64
        /// When, in milliseconds since 1970.
        public var time: Int64

        /// `event number=… node=… token=… time=…`
        public var line: String { "\(event) number=\(number) node=\(node) token=\(token) time=\(time)" }

        /// An entry of these facts.
        public init(event: String, number: Int64, node: String, token: Int64, time: Int64) {
            self.event = event
            self.number = number
            self.node = node
            self.token = token
            self.time = time
        }

        /// The entry of a line; `nil` when the line is none.
        public init?(line: Substring) {
            let words = line.split(separator: " ")
            func value(_ index: Int, _ key: String) -> Substring? {
                words[index].hasPrefix(key + "=") ? words[index].dropFirst(key.count + 1) : nil
            }
            guard words.count == 5, let node = value(2, "node"),
                let number = value(1, "number").flatMap({ Int64($0) }),
                let token = value(3, "token").flatMap({ Int64($0) }),
                let time = value(4, "time").flatMap({ Int64($0) })
            else { return nil }
            self.init(event: String(words[0]), number: number, node: String(node), token: token, time: time)
        }
    }

    /// A write that came too late.
    public struct Fenced: Error, CustomStringConvertible {
        /// What was to be written to.
        public let name: String
        /// The token that was shown.
        public let token: Int64
        /// Who has written with a newer one.
        public let by: Entry

        /// One line that names both.
        public var description: String { "\(name) token=\(token) is older than token=\(by.token) of \(by.node)" }
    }
}
