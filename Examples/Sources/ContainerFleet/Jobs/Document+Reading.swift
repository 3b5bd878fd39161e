import Yams

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Document {
    /// Reads a file: JSON if it begins with a brace, else YAML.
    /// - Throws: ``JobError`` of kind `unreadable` that says where reading stopped.
    public init(text: String) throws(JobError) {
        self = try text.drop(while: \.isWhitespace).first == "{" ? Self(json: text) : Self(yaml: text)
    }

    /// Reads JSON.
    public init(json text: String) throws(JobError) {
        do {
            self = try JSONDecoder().decode(Tree.self, from: Data(text.utf8)).document
        } catch {
            throw JobError(.unreadable, "this is no JSON: \(error)")
        }
    }

    /// Reads YAML, of which a file has to be one document.
    public init(yaml text: String) throws(JobError) {
        do {
            self = try Yams.compose(yaml: text).map { try Self(node: $0) } ?? .map([:])
        } catch let error as JobError {
            throw error
        } catch {
            throw JobError(.unreadable, "this is no YAML: \(error)")
        }
    }

    private init(node: Node) throws {
        switch node {
        case .scalar(let scalar): self = Self.scalar(scalar)
        case .sequence(let sequence): self = .list(try sequence.map { try Self(node: $0) })
        case .mapping(let mapping):
            var fields: [String: Document] = [:]
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw JobError(.unreadable, "line \(key.mark?.line ?? 0): the name of a field has to be text")
                }
                guard fields.updateValue(try Self(node: value), forKey: name) == nil else {
                    throw JobError(.unreadable, "line \(key.mark?.line ?? 0): “\(name)” is there twice; leave one")
                }
            }
            self = .map(fields)
        case .alias:
            throw JobError(.unreadable, "line \(node.mark?.line ?? 0): aliases are not supported; repeat the value")
        }
    }

    /// What looks like a number or a truth value is one unless it is quoted. As in YAML 1.2, `yes`, `no`, `on` and `off`
    /// are text.
    private static func scalar(_ scalar: Node.Scalar) -> Document {
        if scalar.style == .singleQuoted || scalar.style == .doubleQuoted { return .text(scalar.string) }
        switch scalar.string {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .flag(true)
        case "false", "False", "FALSE": return .flag(false)
        default: return written(number: scalar.string) ?? .text(scalar.string)
        }
    }

    /// Only what JSON calls a number too: `0x10`, `1_000` and `12:30` are text.
    private static func written(number text: String) -> Document? {
        let digits = text.drop { $0 == "-" }
        let isNumber = digits.first?.isASCII == true && digits.first?.isNumber == true
        return isNumber && digits.allSatisfy { "0123456789.eE+-".contains($0) } && Double(text) != nil
            ? .number(text) : nil
    }
}

/// JSON of any shape.
private struct Tree: Decodable {
    var document: Document

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            document = .null
        } else if let value = try? container.decode(Bool.self) {
            document = .flag(value)
        } else if let value = try? container.decode(Int64.self) {
            document = .number(String(value))
        } else if let value = try? container.decode(Double.self) {
            document = .number(String(value))
        } else if let value = try? container.decode(String.self) {
            document = .text(value)
        } else if let value = try? container.decode([Tree].self) {
            document = .list(value.map(\.document))
        } else {
            document = .map(try container.decode([String: Tree].self).mapValues(\.document))
        }
    }
}
