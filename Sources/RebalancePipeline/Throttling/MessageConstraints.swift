import HelixRecords

/// How many messages may be under way at once, by what they are about: the constraints of the cluster, ready to be asked
/// often (protocol reference 4.15, 6.5).
struct MessageConstraints: Sendable {
    /// What a message is about.
    typealias Attributes = [ClusterConstraints.Attribute: String]

    /// Something that is counted, and how many of it there may be.
    struct Count: Sendable, Hashable {
        /// The constraint.
        var id: String
        /// What is counted: the values of the attributes that the constraint looks at.
        var key: String
        var limit: Int
    }

    private struct Rule: Sendable {
        var id: String
        var limit: Int
        var patterns: [(attribute: ClusterConstraints.Attribute, pattern: Pattern)]
        var texts: Attributes

        func matches(_ attributes: Attributes) -> Bool {
            patterns.allSatisfy { attribute, pattern in attributes[attribute].map(pattern.matches) ?? false }
        }
    }

    private let rules: [Rule]
    /// What is wrong with the constraints, one sentence each.
    let problems: [String]

    init(_ constraints: ClusterConstraints?) {
        var rules: [Rule] = []
        var problems: [String] = []
        for item in constraints?.items ?? [] {
            guard let limit = item.limit else { continue }
            do {
                let patterns = try item.attributes.sorted { $0.key.rawValue < $1.key.rawValue }
                    .map { (attribute: $0.key, pattern: try Pattern($0.value)) }
                rules.append(Rule(id: item.id, limit: limit, patterns: patterns, texts: item.attributes))
            } catch {
                problems.append(
                    "the message constraint \(item.id) is ignored: a value is no regular expression: \(error); correct it"
                )
            }
        }
        self.rules = rules
        self.problems = problems
    }

    var isEmpty: Bool { rules.isEmpty }

    /// What a message counts against. Of constraints that count the same the most specific decides: the one that the
    /// others match; of those that do not match each other the strictest, then the first by name.
    func counts(of attributes: Attributes) -> [Count] {
        var chosen: [String: Rule] = [:]
        for rule in rules where rule.matches(attributes) {
            let key = rule.patterns.map { "\($0.attribute.rawValue)=\(attributes[$0.attribute] ?? "")" }
                .joined(separator: " ")
            guard let other = chosen[key] else {
                chosen[key] = rule
                continue
            }
            let (isWider, isNarrower) = (rule.matches(other.texts), other.matches(rule.texts))
            if isNarrower != isWider ? isNarrower : rule.limit < other.limit { chosen[key] = rule }
        }
        return chosen.sorted { $0.key < $1.key }.map { Count(id: $0.value.id, key: $0.key, limit: $0.value.limit) }
    }
}

/// A regular expression that has to match a whole value. Most are plain names, or match everything.
private enum Pattern: Sendable {
    case anything
    case text(String)
    case expression(Expression)

    /// One that was made from a text has no parts of its own that could be shared unsafely.
    struct Expression: @unchecked Sendable {
        let regex: Regex<AnyRegexOutput>
    }

    init(_ text: String) throws {
        if text == ".*" {
            self = .anything
        } else if text.utf8.allSatisfy({ !#".*+?|()[]{}^$\"#.utf8.contains($0) }) {
            self = .text(text)
        } else {
            self = .expression(Expression(regex: try Regex(text)))
        }
    }

    func matches(_ value: String) -> Bool {
        switch self {
        case .anything: true
        case .text(let text): text == value
        case .expression(let expression): value.wholeMatch(of: expression.regex) != nil
        }
    }
}
