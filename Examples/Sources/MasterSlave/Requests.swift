/// What is asked of a node, as a line of text: by clients with spaces, so that `telnet` will do, and by other nodes with
/// tabs.
enum Request: Sendable, Hashable {
    // By clients.
    case get(String)
    case change(Change)
    // By the master of a partition, or by the one that is about to be: all carry its fencing token.
    case promise(partition: String, token: Int64)
    case follow(partition: String, Change, at: Position)
    case install(partition: String, Snapshot)
    /// By anybody who wants a copy.
    case copy(partition: String)

    /// The request of a line; `nil` when it makes no sense.
    init?(line: String) {
        if line.contains("\t") {
            guard let request = Self(fields: line.fields) else { return nil }
            self = request
        } else {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            switch (words.first?.uppercased(), words.count) {
            case ("GET", 2): self = .get(words[1])
            case ("DEL", 2): self = .change(Change(key: words[1]))
            case ("PUT", 3): self = .change(Change(key: words[1], value: words[2]))
            default: return nil
            }
        }
    }

    private init?(fields: [String]) {
        guard fields.count >= 2 else { return nil }
        switch fields[0] {
        case "COPY": self = .copy(partition: fields[1])
        case "PROMISE":
            guard fields.count == 3, let token = Int64(fields[2]) else { return nil }
            self = .promise(partition: fields[1], token: token)
        case "FOLLOW":
            guard let position = Position(fields[2...].prefix(2)), (5...6).contains(fields.count) else { return nil }
            let change = Change(key: fields[4], value: fields.count == 6 ? fields[5] : nil)
            self = .follow(partition: fields[1], change, at: position)
        case "INSTALL":
            guard let snapshot = Snapshot(fields[2...]) else { return nil }
            self = .install(partition: fields[1], snapshot)
        default: return nil
        }
    }

    var line: String {
        switch self {
        case .get(let key): "GET \(key)"
        case .change(let change): change.value.map { "PUT \(change.key) \($0)" } ?? "DEL \(change.key)"
        case .promise(let partition, let token): "PROMISE\t\(partition)\t\(token)"
        case .follow(let partition, let change, let position):
            (["FOLLOW", partition] + position.fields + [change.key] + (change.value.map { [$0] } ?? []))
                .joined(separator: "\t")
        case .install(let partition, let snapshot):
            (["INSTALL", partition] + snapshot.fields).joined(separator: "\t")
        case .copy(let partition): "COPY\t\(partition)"
        }
    }
}

/// What a node answers, as a line of text.
enum Reply: Sendable, Hashable {
    /// The change is made, and every slave has it. The position tells by which master.
    case done(Position)
    case value(String)
    /// There is no such key.
    case absent
    /// Ask that node, which is the partition's master.
    case moved(host: String, port: Int)
    /// Ask again in a moment, whoever is the master then. Whether a change was made is not known.
    case retry(String)
    /// Where the copy stands now.
    case at(Position)
    /// There is a newer master.
    case refused
    case snapshot(Snapshot)
    case failure(String)

    /// The reply of a line; `nil` when it makes no sense.
    init?(line: String) {
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        let rest = words.count == 2 ? words[1] : ""
        switch words.first {
        case "OK":
            guard let position = Position(rest.split(separator: " ").map(String.init)[...]) else { return nil }
            self = .done(position)
        case "AT":
            guard let position = Position(rest.split(separator: " ").map(String.init)[...]) else { return nil }
            self = .at(position)
        case "VALUE": self = .value(rest)
        case "NONE": self = .absent
        case "REFUSED": self = .refused
        case "RETRY": self = .retry(rest)
        case "ERROR": self = .failure(rest)
        case "MOVED":
            guard let colon = rest.lastIndex(of: ":"), let port = Int(rest[rest.index(after: colon)...]) else {
                return nil
            }
            self = .moved(host: String(rest[..<colon]), port: port)
        default:
            guard line.hasPrefix("SNAPSHOT\t"), let snapshot = Snapshot(line.fields[1...]) else { return nil }
            self = .snapshot(snapshot)
        }
    }

    var line: String {
        switch self {
        case .done(let position): "OK \(position)"
        case .value(let value): "VALUE \(value)"
        case .absent: "NONE"
        case .moved(let host, let port): "MOVED \(host):\(port)"
        case .retry(let reason): "RETRY \(reason)"
        case .at(let position): "AT \(position)"
        case .refused: "REFUSED"
        case .snapshot(let snapshot): (["SNAPSHOT"] + snapshot.fields).joined(separator: "\t")
        case .failure(let reason): "ERROR \(reason)"
        }
    }
}

extension Position {
    fileprivate init?(_ fields: ArraySlice<String>) {
        guard fields.count == 2, let token = fields.first.flatMap({ Int64($0) }),
            let number = fields.last.flatMap({ Int64($0) })
        else { return nil }
        self.init(token: token, number: number)
    }

    fileprivate var fields: [String] { ["\(token)", "\(number)"] }
}

extension Snapshot {
    fileprivate init?(_ fields: ArraySlice<String>) {
        guard let position = Position(fields.prefix(2)), fields.count.isMultiple(of: 2) else { return nil }
        let rest = Array(fields.dropFirst(2))
        var data: [String: String] = [:]
        for index in stride(from: 0, to: rest.count, by: 2) { data[rest[index]] = rest[index + 1] }
        self.init(position: position, data: data)
    }

    fileprivate var fields: [String] {
        position.fields + data.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    }
}

extension String {
    fileprivate var fields: [String] { split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
}
