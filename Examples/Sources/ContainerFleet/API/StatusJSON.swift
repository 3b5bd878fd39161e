import FleetMaster
import FleetModel

/// The table of all tasks as JSON, byte for byte what `JSONEncoder` makes of it with its keys in order, in a fraction of the
/// time: this is the answer that is as large as the fleet, and is asked for most.
struct StatusJSON {
    private(set) var bytes: [UInt8] = []
    /// Whether the object that is being written has no member yet.
    private var isEmpty = true

    init(_ rows: [StatusRow]) {
        bytes.reserveCapacity(rows.count * 320 + 2)
        bytes.append(UInt8(ascii: "["))
        for (index, row) in rows.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            object { $0.write(row) }
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ row: StatusRow) {
        member("deployment", row.deployment)
        member("detail") { $0.write(row.detail) }
        member("goal", row.goal)
        member("host", row.host)
        member("job", row.job)
        member("place", row.place)
        member("since", row.since)
        member("state", row.state)
        member("task", row.task)
    }

    private mutating func write(_ detail: TaskDetail) {
        member("agent", detail.agent)
        member("container", detail.container)
        member("exit", detail.exit.map(Int64.init))
        if let former = detail.former {
            member("former") { json in
                json.member("container", former.container)
                json.member("exit", former.exit.map(Int64.init))
                json.member("time", former.time)
            }
        }
        member("phase", detail.phase)
        if let ports = detail.ports {
            member("ports") { json in
                for (name, port) in ports.sorted(by: { $0.key < $1.key }) {
                    json.next()
                    json.write(text: name)
                    json.bytes.append(UInt8(ascii: ":"))
                    json.write(number: Int64(port))
                }
            }
        }
        member("pulled", detail.pulled.map(Int64.init))
        member("reason", detail.reason)
        member("restarts", detail.restarts.map(Int64.init))
        member("throttle", detail.throttle)
    }

    // MARK: Members

    private mutating func object(_ members: (inout StatusJSON) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        isEmpty = true
        members(&self)
        bytes.append(UInt8(ascii: "}"))
        isEmpty = false
    }

    private mutating func next() {
        if !isEmpty { bytes.append(UInt8(ascii: ",")) }
        isEmpty = false
    }

    private mutating func begin(_ name: StaticString) {
        next()
        write("\"")
        write(name)
        write("\":")
    }

    private mutating func member(_ name: StaticString, _ members: (inout StatusJSON) -> Void) {
        begin(name)
        object(members)
    }

    private mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        begin(name)
        write(text: value)
    }

    private mutating func member(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        begin(name)
        write(number: value)
    }

    // MARK: Letters

    private mutating func write(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func write(number: Int64) { bytes.append(contentsOf: String(number).utf8) }

    private mutating func write(text: String) {
        bytes.append(UInt8(ascii: "\""))
        if text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            for byte in text.utf8 { write(letter: byte) }
        } else {
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func write(letter: UInt8) {
        switch letter {
        case UInt8(ascii: "\""): write("\\\"")
        case UInt8(ascii: "\\"): write("\\\\")
        case 0x08: write("\\b")
        case 0x0c: write("\\f")
        case UInt8(ascii: "\n"): write("\\n")
        case UInt8(ascii: "\r"): write("\\r")
        case UInt8(ascii: "\t"): write("\\t")
        case 0..<0x20:
            write(letter < 0x10 ? "\\u000" : "\\u001")
            bytes.append(contentsOf: String(letter & 0xf, radix: 16).utf8)
        default: bytes.append(letter)
        }
    }
}
