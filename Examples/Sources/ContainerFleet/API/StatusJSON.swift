import FleetMaster
import FleetModel

/// The table of all tasks as JSON, byte for byte what `JSONEncoder` makes of it with its keys in order, in a fraction of the
/// time: this is the answer that is as large as the fleet, and is asked for most.
struct StatusJSON {
    private(set) var bytes: [UInt8] = []

    init(_ rows: [StatusRow]) {
        bytes.reserveCapacity(rows.count * 320 + 2)
        bytes.append(UInt8(ascii: "["))
        for (index, row) in rows.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(row)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ row: StatusRow) {
        write("{\"deployment\":")
        write(text: row.deployment)
        write(",\"detail\":")
        write(row.detail)
        write(",\"goal\":")
        write(text: row.goal)
        if let host = row.host {
            write(",\"host\":")
            write(text: host)
        }
        write(",\"job\":")
        write(text: row.job)
        write(",\"place\":")
        write(text: row.place)
        if let since = row.since {
            write(",\"since\":")
            write(number: since)
        }
        write(",\"state\":")
        write(text: row.state)
        write(",\"task\":")
        write(text: row.task)
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func write(_ detail: TaskDetail) {
        var separator: StaticString = "{"
        func next(_ writer: inout StatusJSON, _ name: StaticString) {
            writer.write(separator)
            separator = ","
            writer.write(name)
        }
        if let agent = detail.agent {
            next(&self, "\"agent\":")
            write(text: agent)
        }
        if let container = detail.container {
            next(&self, "\"container\":")
            write(text: container)
        }
        if let exit = detail.exit {
            next(&self, "\"exit\":")
            write(number: Int64(exit))
        }
        if let former = detail.former {
            next(&self, "\"former\":{\"container\":")
            write(text: former.container)
            if let exit = former.exit {
                write(",\"exit\":")
                write(number: Int64(exit))
            }
            write(",\"time\":")
            write(number: former.time)
            write("}")
        }
        if let phase = detail.phase {
            next(&self, "\"phase\":")
            write(text: phase)
        }
        if let ports = detail.ports {
            next(&self, "\"ports\":")
            write(ports)
        }
        if let pulled = detail.pulled {
            next(&self, "\"pulled\":")
            write(number: Int64(pulled))
        }
        if let reason = detail.reason {
            next(&self, "\"reason\":")
            write(text: reason)
        }
        if let restarts = detail.restarts {
            next(&self, "\"restarts\":")
            write(number: Int64(restarts))
        }
        if let throttle = detail.throttle {
            next(&self, "\"throttle\":")
            write(text: throttle)
        }
        write(detail == TaskDetail() ? "{}" : "}")
    }

    private mutating func write(_ ports: [String: Int]) {
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for (name, port) in ports.sorted(by: { $0.key < $1.key }) {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            write(text: name)
            bytes.append(UInt8(ascii: ":"))
            write(number: Int64(port))
        }
        bytes.append(UInt8(ascii: "}"))
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
