import Foundation

/// Something that happened in the demo.
struct DemoEvent: Sendable {
    /// What happened, for programs.
    let name: String
    /// The details, for programs.
    let details: [String: DetailValue]
    /// What happened, for people; `nil` for what they see in the map.
    let text: String?

    enum DetailValue: Sendable, Encodable {
        case text(String)
        case number(Int)
        case flag(Bool)

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            case .flag(let flag): try container.encode(flag)
            }
        }
    }

    init(_ name: String, _ details: [String: DetailValue] = [:], text: String? = nil) {
        self.name = name
        self.details = details
        self.text = text
    }
}

extension DemoEvent.DetailValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int) { self = .number(value) }
}

extension Duration {
    /// Whole milliseconds, rounded up: what took time never shows as none.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
