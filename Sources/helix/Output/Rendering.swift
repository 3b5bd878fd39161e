import ArgumentParser
import Foundation

/// A command's result, which can be shown to people, as ``text``, and to programs, as JSON.
protocol Rendering: Encodable, Sendable {
    /// For people, without a newline at the end.
    var text: String { get }
}

/// In which form a result is shown.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case text, json
}

/// The option that every command has that shows something.
struct OutputOptions: ParsableArguments, Sendable {
    @Option(help: "The form of the result.")
    var format: OutputFormat = .text

    /// A result as it is shown.
    func render(_ result: some Rendering) throws -> String {
        switch format {
        case .text: result.text
        case .json: try JSON.text(result)
        }
    }

    /// Shows a result on standard output.
    func show(_ result: some Rendering) throws {
        let text = try render(result)
        if !text.isEmpty { StandardOutput.write(text) }
    }

    /// Shows one of a stream of results: in JSON each is one line.
    func showNext(_ result: some Rendering) throws {
        StandardOutput.write(format == .text ? result.text : try JSON.line(result))
    }
}

/// JSON with sorted keys.
enum JSON {
    static func text(_ value: some Encodable) throws -> String {
        try encode(value, [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted])
    }

    static func line(_ value: some Encodable) throws -> String {
        try encode(value, [.sortedKeys, .withoutEscapingSlashes])
    }

    private static func encode(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

/// Standard output, a line at a time: whoever reads a pipe sees each line at once.
enum StandardOutput {
    static func write(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }
}

/// Something was done.
struct Confirmation: Rendering {
    /// What was done.
    let message: String

    var text: String { message }
}

/// Names, one a line.
struct NameList: Rendering {
    let names: [String]

    var text: String { names.joined(separator: "\n") }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(names)
    }
}
