// Typed access to simple fields, as the format spells them (protocol reference 1.3). Setting `nil` removes the field.
extension ZNRecord {
    /// A whole number, `nil` when the field is missing or is no number.
    package func int(_ key: String) -> Int? { simpleFields[key].flatMap { Int($0) } }

    /// "true" or "false" in any case; `nil` when the field is missing or anything else.
    package func bool(_ key: String) -> Bool? {
        switch simpleFields[key]?.lowercased() {
        case "true": true
        case "false": false
        default: nil
        }
    }

    /// A text that counts as missing when it is empty.
    package subscript(name key: String) -> String? {
        get { simpleFields[key].flatMap { $0.isEmpty ? nil : $0 } }
        set { simpleFields[key] = newValue }
    }

    package subscript(int key: String) -> Int? {
        get { int(key) }
        set { simpleFields[key] = newValue.map { String($0) } }
    }

    /// A number whose negative values mean "not set", as -1 does all over the format.
    package subscript(count key: String) -> Int? {
        get { int(key).flatMap { $0 < 0 ? nil : $0 } }
        set { simpleFields[key] = newValue.map { String($0) } }
    }

    package subscript(bool key: String, default byDefault: Bool) -> Bool {
        get { bool(key) ?? byDefault }
        set { simpleFields[key] = newValue ? "true" : "false" }
    }

    /// A point in time in milliseconds since 1970.
    package subscript(timestamp key: String) -> Int64? {
        get { simpleFields[key].flatMap { Int64($0) } }
        set { simpleFields[key] = newValue.map { String($0) } }
    }

    /// A length of time in milliseconds; negative means "not set".
    package subscript(milliseconds key: String) -> Duration? {
        get { simpleFields[key].flatMap { Duration(wireMilliseconds: $0) } }
        set { simpleFields[key] = newValue?.wireMilliseconds }
    }

    /// A closed set of values; `nil` when the field is missing or is none of them.
    package subscript<Value: RawRepresentable<String>>(value key: String) -> Value? {
        get { simpleFields[key].flatMap { Value(rawValue: $0) } }
        set { simpleFields[key] = newValue?.rawValue }
    }

    /// A map field of whole numbers; entries that are none are left out.
    package subscript(counts key: String) -> [String: Int] {
        get { mapFields[key]?.compactMapValues { Int($0) } ?? [:] }
        set { mapFields[key] = newValue.isEmpty ? nil : newValue.mapValues { String($0) } }
    }

    /// A list field; empty when it is missing, and missing when it is set to nothing.
    package subscript(list key: String) -> [String] {
        get { listFields[key] ?? [] }
        set { listFields[key] = newValue.isEmpty ? nil : newValue }
    }
}

extension Duration {
    /// The length that a decimal number of milliseconds spells; `nil` when it is negative or no number.
    package init?(wireMilliseconds text: String) {
        guard let milliseconds = Int64(text), milliseconds >= 0 else { return nil }
        self = .milliseconds(milliseconds)
    }

    /// Whole milliseconds, rounded down, as text.
    package var wireMilliseconds: String { String(milliseconds) }

    /// Whole milliseconds, rounded towards zero; the largest or smallest number where 64 bits are too few.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, over) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, beyond) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return over || beyond ? (seconds < 0 ? .min : .max) : sum
    }
}
