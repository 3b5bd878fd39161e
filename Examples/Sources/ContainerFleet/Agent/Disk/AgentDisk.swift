import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The directory of an agent's state:
///
///     lock              held as long as the agent lives
///     cluster           the id of the cluster that it belongs to
///     tasks/<id>.json   one record for each task
///
/// What is written is written to a file beside, synchronised and renamed, so that after a crash there is the old or
/// the new, and nothing else.
public final class AgentDisk: AgentStore {
    private let directory: String
    private let lock: Int32
    private let problems = Mutex<[String: String]>([:])

    /// Opens a directory, and makes it if it is not there.
    /// - Throws: ``AgentDiskError`` when it is another agent's.
    public init(at directory: String) throws {
        self.directory = directory
        try Self.make(directory)
        try Self.make(directory + "/tasks")
        lock = open(directory + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw AgentDiskError("open", directory + "/lock") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw AgentDiskError(
                description: "\(directory) is in use by another agent: end that one, or choose another directory")
        }
    }

    deinit { close(lock) }

    /// See ``AgentStore/spoiltFiles``.
    public var spoiltFiles: [String] { problems.withLock { $0.values.sorted() } }

    /// See ``AgentStore/unreadableTasks``.
    public var unreadableTasks: Set<String> { problems.withLock { Set($0.keys) } }

    // MARK: The cluster

    /// See ``AgentStore/clusterID()``.
    public func clusterID() throws -> String? {
        guard let bytes = try Self.read(directory + "/cluster") else { return nil }
        return String(decoding: bytes, as: UTF8.self).trimmingLineEnd
    }

    /// See ``AgentStore/join(cluster:)``.
    public func join(cluster id: String) throws {
        if let known = try clusterID() {
            guard known == id else {
                throw AgentDiskError(
                    description: "\(directory) belongs to the cluster \(known), not to \(id): "
                        + "check where the agent connects to, or give it a directory of its own for that cluster")
            }
            return
        }
        try Self.write(Data("\(id)\n".utf8), to: "cluster", in: directory)
    }

    // MARK: Tasks

    /// See ``AgentStore/records()``. A file that is not a record is kept aside, and named in ``spoiltFiles``.
    public func records() throws -> [TaskRecord] {
        let tasks = directory + "/tasks"
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: tasks).sorted()
        } catch {
            throw AgentDiskError(description: "read \(tasks): \(error)")
        }
        return try names.filter { $0.hasSuffix(".json") }.compactMap { name in
            let path = "\(tasks)/\(name)"
            guard let bytes = try Self.read(path) else { return nil }
            do {
                let record = try JSONDecoder().decode(TaskRecord.self, from: bytes)
                guard Self.fileName(record.id) == name else {
                    throw AgentDiskError(description: "it is \(record.id)'s")
                }
                return record
            } catch {
                let aside = path + ".spoilt"
                guard rename(path, aside) == 0 else { throw AgentDiskError("rename", path) }
                let problem = "\(path) is not the record of a task (\(error)); it is kept as \(aside)"
                problems.withLock { $0[Self.task(ofFile: name)] = problem }
                return nil
            }
        }.sorted { $0.id < $1.id }
    }

    /// See ``AgentStore/save(_:)``.
    public func save(_ record: TaskRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try Self.write(encoder.encode(record), to: Self.fileName(record.id), in: directory + "/tasks")
    }

    /// See ``AgentStore/forget(_:)``.
    public func forget(_ task: String) throws {
        let path = "\(directory)/tasks/\(Self.fileName(task))"
        guard unlink(path) == 0 || errno == ENOENT else { throw AgentDiskError("remove", path) }
        try Self.synchronise(directory: directory + "/tasks")
    }

    /// Letters, digits, `-` and `_` stay, and dots that are not the first; all else becomes `%` and two digits.
    static func fileName(_ task: String) -> String {
        var name = ""
        for byte in task.utf8 {
            let character = Character(UnicodeScalar(byte))
            let isPlain = character.isASCII && (character.isLetter || character.isNumber || "-_".contains(character))
            if isPlain || (character == "." && !name.isEmpty) {
                name.append(character)
            } else {
                name += (byte < 16 ? "%0" : "%") + String(byte, radix: 16)
            }
        }
        return name + ".json"
    }

    /// The other way round.
    static func task(ofFile name: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(name.utf8).dropLast(".json".utf8.count)
        while let byte = rest.popFirst() {
            let code =
                byte == UInt8(ascii: "%") ? UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) : nil
            if code != nil { rest = rest.dropFirst(2) }
            bytes.append(code ?? byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Files

    private static func make(_ directory: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw AgentDiskError(description: "make \(directory): \(error)")
        }
    }

    private static func read(_ path: String) throws -> Data? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let bytes = FileManager.default.contents(atPath: path) else { throw AgentDiskError("read", path) }
        return bytes
    }

    private static func write(_ bytes: Data, to name: String, in directory: String) throws {
        let beside = "\(directory)/.\(name).new"
        let file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw AgentDiskError("open", beside) }
        defer { close(file) }
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw AgentDiskError("write", beside) }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0 else { throw AgentDiskError("synchronise", beside) }
        guard rename(beside, "\(directory)/\(name)") == 0 else { throw AgentDiskError("rename", beside) }
        try synchronise(directory: directory)
    }

    private static func synchronise(directory: String) throws {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw AgentDiskError("open", directory) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw AgentDiskError("synchronise", directory) }
    }
}

/// Why an agent's state could not be read or written.
public struct AgentDiskError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried, what went wrong, and what to do where that is not plain.
    public let description: String

    /// What was tried, what went wrong, and what to do.
    public init(description: String) { self.description = description }

    /// A call of the system that has just failed.
    init(_ call: String, _ path: String) {
        let reason = String(cString: strerror(errno))
        self.init(description: "\(call) \(path): \(reason): check the disk, and who owns the directory")
    }
}

extension String {
    fileprivate var trimmingLineEnd: String { hasSuffix("\n") ? String(dropLast()) : self }
}

private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(file, bytes, count)
}
