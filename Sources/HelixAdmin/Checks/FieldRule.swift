import HelixRecords

/// What the text of a field must be.
struct FieldRule: Sendable {
    /// Completes "expected …".
    let expected: String
    let accepts: @Sendable (String) -> Bool

    init(_ expected: String, _ accepts: @escaping @Sendable (String) -> Bool) {
        self.expected = expected
        self.accepts = accepts
    }

    /// `true` or `false`; case does not count.
    static let boolean = FieldRule("true or false") { ["true", "false"].contains($0.lowercased()) }

    /// A number from 0; -1 stands for "not set" all over the format.
    static let count = number("a number from 0, or -1 for no limit", -1...Int.max)

    /// A length of time.
    static let milliseconds = number("milliseconds from 0, or -1 for not at all", -1...Int.max)

    /// A number from 1, or -1.
    static let positive = FieldRule("a number from 1, or -1 for the default") { text in
        Int(text).map { $0 > 0 || $0 == -1 } ?? false
    }

    static func number(_ expected: String, _ range: ClosedRange<Int>) -> FieldRule {
        FieldRule(expected) { text in Int(text).map(range.contains) ?? false }
    }

    /// One of the raw values of an enumeration.
    static func oneOf<Value: RawRepresentable<String> & CaseIterable>(
        _: Value.Type, also others: [String] = []
    ) -> FieldRule {
        let texts = Value.allCases.map(\.rawValue) + others
        return FieldRule("one of \(texts.joined(separator: ", "))") { texts.contains($0) }
    }

    static func oneOf(_ texts: [String]) -> FieldRule {
        FieldRule("one of \(texts.joined(separator: ", "))") { texts.contains($0) }
    }

    /// A text that is not empty.
    static let text = FieldRule("a text that is not empty") { !$0.isEmpty }

    /// A number of replicas.
    static let replicas = FieldRule("a number from 0, or \(IdealState.anyLiveInstance)") { text in
        text == IdealState.anyLiveInstance || Int(text).map { $0 >= 0 } ?? false
    }

    /// `k=v,k=v`
    static let domain = FieldRule("key=value,key=value, each key and value not empty") { text in
        let config = InstanceConfig(record: ZNRecord(id: "", simpleFields: ["DOMAIN": text]))
        return isReadable { _ = try config.domain }
    }

    /// `/zone/rack/instance`
    static let topology = FieldRule("distinct keys, each after a slash, such as /zone/rack/instance") { text in
        let keys = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return text.hasPrefix("/") && Set(keys).count == keys.count && keys.allSatisfy { !$0.isEmpty }
    }

    /// A JSON object of numbers from 0.
    static let capacities = FieldRule(#"an object of numbers from 0, such as {"CPU":"10"}"#) { text in
        var values: [String] = []
        guard isReadable({ values += try FlatObject.decode(text, of: "").values }) else { return false }
        return values.allSatisfy { Int($0).map { $0 >= 0 } ?? false }
    }

    private static func isReadable(_ read: () throws -> Void) -> Bool {
        do {
            try read()
            return true
        } catch {
            return false
        }
    }
}
