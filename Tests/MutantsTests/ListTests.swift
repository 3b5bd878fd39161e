import Foundation
import Testing

@testable import Mutants

@Suite("The list of mutants fits the product")
struct ListTests {
    private static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    @Test("The code that each mutant replaces is there exactly once, in the file that it names")
    func snippets() throws {
        let files = try MutatedTree(package: Self.package, mutants: Mutant.all).mutatedFiles()
        let text = files.values.joined()
        for (index, mutant) in Mutant.all.enumerated() {
            let count = text.ranges(of: "isMutant(\(index + 1))").count
            #expect(count == mutant.edits.count, "\(mutant.name) is there \(count) times")
        }
    }

    @Test("Names are unique and in kebab-case, and every mutant says what it breaks")
    func names() {
        #expect(Mutant.all.count >= 36)
        #expect(Set(Mutant.all.map(\.name)).count == Mutant.all.count)
        for mutant in Mutant.all {
            #expect(mutant.name.wholeMatch(of: #/[a-z]+(-[a-z]+)+/#) != nil, "\(mutant.name)")
            #expect(mutant.fault.hasSuffix("."), "\(mutant.name)")
            #expect(mutant.within > 0, "\(mutant.name)")
            #expect(!mutant.edits.isEmpty, "\(mutant.name)")
        }
    }

    @Test("A mutant is something else than the code that it replaces")
    func replacements() {
        for mutant in Mutant.all {
            for edit in mutant.edits {
                let marked = edit.original.split(separator: "⟦").last?.split(separator: "⟧").first.map(String.init)
                #expect(edit.replacement != marked, "\(mutant.name)")
            }
        }
    }

    @Test("No source of the product has a switch of its own")
    func cleanSources() throws {
        let sources = Self.package.appending(path: "Sources")
        for path in try FileManager.default.subpathsOfDirectory(atPath: sources.path) where path.hasSuffix(".swift") {
            let text = try String(contentsOf: sources.appending(path: path), encoding: .utf8)
            #expect(!text.contains("isMutant") && !text.contains(MutantSwitch.variable), "\(path)")
        }
    }
}
