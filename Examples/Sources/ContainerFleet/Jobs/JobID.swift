/// Which job: its name, its version, and a hash of everything that it says.
public struct JobID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The job's name.
    public var name: String
    /// Which of that name.
    public var version: String
    /// 40 hexadecimal digits: the first half of a SHA-256 and some more.
    public var hash: String

    /// An identity.
    public init(name: String, version: String, hash: String) {
        self.name = name
        self.version = version
        self.hash = hash
    }

    /// Reads `name:version:hash`.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[2].count == 40, parts[2].allSatisfy(\.isHexDigit), !parts.contains("") else {
            return nil
        }
        self.init(name: parts[0], version: parts[1], hash: parts[2])
    }

    /// `name:version:hash`.
    public var description: String { "\(name):\(version):\(hash)" }
    /// With the first 7 digits of the hash, for tables.
    public var short: String { "\(name):\(version):\(hash.prefix(7))" }
    /// `name:version`, which one job at most has.
    public var nameAndVersion: String { "\(name):\(version)" }

    /// In the order of names, then versions.
    public static func < (a: JobID, b: JobID) -> Bool { (a.name, a.version, a.hash) < (b.name, b.version, b.hash) }
}

extension Job {
    /// Its identity. Two jobs that say the same have the same.
    public var id: JobID {
        JobID(name: name, version: version, hash: String(SHA256.hexadecimal(identityText.utf8).prefix(40)))
    }
}

extension Collection<JobID> {
    /// The jobs that a person may mean: the one whose identity, name and version, or name it is; else those whose
    /// identity begins with it; else those whose identity has it anywhere.
    /// - Returns: in the order of names.
    public func matching(_ reference: String) -> [JobID] {
        guard !reference.isEmpty else { return [] }
        let tests: [(JobID) -> Bool] = [
            { $0.description == reference || $0.nameAndVersion == reference },
            { $0.name == reference },
            { $0.description.hasPrefix(reference) },
            { $0.description.contains(reference) },
        ]
        for test in tests {
            let found = filter(test)
            if !found.isEmpty { return found.sorted() }
        }
        return []
    }

    /// The one job that a person means.
    /// - Throws: ``JobError`` of kind `unknown` or `ambiguous`, which names those that it may be.
    public func resolve(_ reference: String) throws(JobError) -> JobID {
        let found = matching(reference)
        if found.count == 1 { return found[0] }
        guard found.isEmpty else {
            let some = found.prefix(5).map(\.short).joined(separator: ", ")
            let more = found.count > 5 ? " and \(found.count - 5) more" : ""
            throw JobError(.ambiguous, "“\(reference)” may be \(some)\(more); write more of it")
        }
        let nearest = Spelling.nearest(to: reference, among: map(\.nameAndVersion).sorted() + map(\.name).sorted())
        let hint = nearest.map { "; is it “\($0)”?" } ?? "; list the jobs to see which there are"
        throw JobError(.unknown, "there is no job “\(reference)”\(hint)")
    }
}
