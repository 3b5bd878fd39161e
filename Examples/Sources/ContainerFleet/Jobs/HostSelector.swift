/// Says of hosts, by their labels, whether they are right: `role = web`, `role != web`, `zone in (a, b)`,
/// `zone notin (a, b)`, `disk exists`.
///
/// A host without the label is never right, whatever the operator: who writes `role != web` thinks of hosts with roles.
public struct HostSelector: Sendable, Hashable, CustomStringConvertible {
    /// What is asked of a label.
    public enum Condition: Sendable, Hashable {
        case equals(String)
        case differs(String)
        case isOne(of: [String])
        case isNone(of: [String])
        case exists
    }

    /// The label's name.
    public var label: String
    /// What is asked of it.
    public var condition: Condition

    /// A selector.
    public init(_ label: String, _ condition: Condition) {
        self.label = label
        self.condition = condition
    }

    /// What messages say about texts that are none.
    static let expected =
        "a selector such as “role = web”, “role != web”, “zone in (a, b)”, “zone notin (a, b)”, "
        + "“disk exists”"

    /// Reads what people write.
    public init?(_ text: String) {
        func word(_ text: Substring) -> String? {
            let word = text.drop(while: \.isWhitespace)
            let end = word.lastIndex { !$0.isWhitespace }
            let trimmed = end.map { word[...$0] } ?? ""
            let isWord = !trimmed.isEmpty && trimmed.allSatisfy { $0.isLetter || $0.isNumber || "-_./:".contains($0) }
            return isWord ? String(trimmed) : nil
        }
        if let sign = text.firstRange(of: "!=") ?? text.firstRange(of: "=") {
            let isEqual = text[sign] == "="
            guard let label = word(text[..<sign.lowerBound]), let value = word(text[sign.upperBound...]) else {
                return nil
            }
            self.init(label, isEqual ? .equals(value) : .differs(value))
            return
        }
        let words = text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
        guard words.count == 2, let label = word(words[0]) else { return nil }
        let rest = words[1].drop(while: \.isWhitespace)
        let name = rest.prefix(while: \.isLetter)
        let list = rest.dropFirst(name.count).drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace)
            .reversed()
        if name == "exists", list.isEmpty {
            self.init(label, .exists)
            return
        }
        guard name == "in" || name == "notin", list.first == "(", list.last == ")" else { return nil }
        let elements = String(list).dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
        let values = elements.compactMap { word($0) }
        guard values.count == elements.count else { return nil }
        self.init(label, name == "in" ? .isOne(of: values) : .isNone(of: values))
    }

    /// As people write it.
    public var description: String {
        switch condition {
        case .equals(let value): "\(label) = \(value)"
        case .differs(let value): "\(label) != \(value)"
        case .isOne(let values): "\(label) in (\(values.joined(separator: ", ")))"
        case .isNone(let values): "\(label) notin (\(values.joined(separator: ", ")))"
        case .exists: "\(label) exists"
        }
    }

    /// Whether a host with these labels is right.
    public func matches(_ labels: [String: String]) -> Bool {
        guard let value = labels[label] else { return false }
        return switch condition {
        case .equals(let wanted): value == wanted
        case .differs(let other): value != other
        case .isOne(let wanted): wanted.contains(value)
        case .isNone(let others): !others.contains(value)
        case .exists: true
        }
    }
}

extension [HostSelector] {
    /// Whether all are right about a host. None at all are right about every host.
    public func match(_ labels: [String: String]) -> Bool { allSatisfy { $0.matches(labels) } }
}
