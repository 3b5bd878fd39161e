/// A tree of values, as YAML and JSON have them. What a job is written to and read from.
public indirect enum Document: Sendable, Hashable {
    case null
    case flag(Bool)
    /// As it was written, for example `0.5` or `1e3`.
    case number(String)
    case text(String)
    case list([Document])
    case map([String: Document])

    /// What people call it.
    var kind: String {
        switch self {
        case .null: "nothing"
        case .flag: "true or false"
        case .number: "a number"
        case .text: "text"
        case .list: "a list"
        case .map: "a map"
        }
    }

    /// As it is shown in messages.
    var excerpt: String {
        switch self {
        case .null: "nothing"
        case .flag(let value): "\(value)"
        case .number(let text): text
        case .text(let text): "“\(text)”"
        case .list, .map: kind
        }
    }

    /// With what another says in place of what this does. Fields of maps that are in both are overridden one by one, so
    /// that options given to a command can change a job's file.
    public func overridden(by other: Document) -> Document {
        guard case .map(let fields) = self, case .map(let others) = other else { return other }
        return .map(fields.merging(others) { $0.overridden(by: $1) })
    }

    /// JSON with sorted keys, no white space and no more escapes than needed: the same document is always the same
    /// text.
    public var canonicalJSON: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .flag(let value): text += value ? "true" : "false"
        case .number(let digits): text += digits
        case .text(let value): Self.write(value, to: &text)
        case .list(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .map(let fields):
            text += "{"
            for (index, field) in fields.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { text += "," }
                Self.write(field.key, to: &text)
                text += ":"
                field.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 32:
                text += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
