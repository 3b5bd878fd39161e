import ArgumentParser
import Foundation
import Testing

@testable import helix

/// A code block of a document.
struct CodeBlock: CustomTestStringConvertible {
    let document: String
    let language: String
    let lines: [String]

    var testDescription: String { "\(document): \(lines.first ?? "")" }

    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The blocks of a language in the README and the guides.
    static func all(_ language: String) throws -> [CodeBlock] {
        let docs = root.appendingPathComponent("Docs")
        let guides = try FileManager.default.contentsOfDirectory(atPath: docs.path).filter { $0.hasSuffix(".md") }
        return try (["README.md"] + guides.sorted().map { "Docs/\($0)" }).flatMap { document in
            let text = try String(contentsOf: root.appendingPathComponent(document), encoding: .utf8)
            var blocks: [CodeBlock] = []
            var open: (language: String, lines: [String])?
            for line in text.components(separatedBy: "\n") {
                if let block = open, line == "```" {
                    blocks.append(CodeBlock(document: document, language: block.language, lines: block.lines))
                    open = nil
                } else if open != nil {
                    open?.lines.append(line)
                } else if line.hasPrefix("```") {
                    open = (String(line.dropFirst(3)), [])
                }
            }
            return blocks.filter { $0.language == language }
        }
    }
}

@Suite("What the documents show works")
struct DocumentationTests {
    @Test("Every helix command that is shown is one that helix understands")
    func commands() throws {
        setenv("HELIX_ZOOKEEPER", "127.0.0.1:1", 1)
        let lines = try CodeBlock.all("sh").flatMap(\.lines).filter { $0.hasPrefix("helix ") }
        #expect(!lines.isEmpty)
        for line in lines {
            let words = line.prefix { $0 != "#" }.replacing("&", with: "").split(separator: " ").map(String.init)
            do {
                _ = try Helix.parseAsRoot(Array(words.dropFirst()))
            } catch {
                let isHelp = Helix.exitCode(for: error) == .success
                #expect(isHelp, "\(line): \(Helix.message(for: error))")
            }
        }
    }

    @Test("Every make target that is shown is in the Makefile")
    func targets() throws {
        let makefile = try String(contentsOf: CodeBlock.root.appendingPathComponent("Makefile"), encoding: .utf8)
        let lines = try CodeBlock.all("sh").flatMap(\.lines).filter { $0.hasPrefix("make ") }
        #expect(!lines.isEmpty)
        for line in lines {
            let target = line.split(separator: " ")[1]
            #expect(makefile.contains("\n\(target):"), "\(line)")
        }
    }

    @Test("Every example in Swift is compiled among the snippets")
    func examples() throws {
        func normalized(_ line: String) -> String { line.filter { !$0.isWhitespace } }
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Snippets")
        let snippets = try FileManager.default.contentsOfDirectory(atPath: folder.path).map { file in
            try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
                .components(separatedBy: "\n").map(normalized)
        }
        let blocks = try CodeBlock.all("swift")
        #expect(!blocks.isEmpty)
        for block in blocks {
            let lines = block.lines.map(normalized).filter { !$0.isEmpty }
            let isCompiled = snippets.contains { snippet in
                var rest = snippet[...]
                return lines.allSatisfy { line in
                    guard let place = rest.firstIndex(of: line) else { return false }
                    rest = rest[(place + 1)...]
                    return true
                }
            }
            #expect(isCompiled, "\(block.testDescription) is not among the snippets, line for line")
        }
    }
}
