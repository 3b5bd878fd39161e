import Foundation
import Testing

/// Golden conversations: what happens in a cluster, line by line, and indented below it what the pipeline decides.
///
/// The scripts are in `Conversations`; the commands are those of ``Conversation``. With the environment variable
/// REWRITE_CONVERSATIONS set, the test writes what was decided into them, to be reviewed as a difference.
@Suite("Conversations")
struct ConversationTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Conversations")

    static func scripts() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".txt") }.sorted()
    }

    @Test("The pipeline decides as it is written", arguments: try scripts())
    func replay(script: String) throws {
        let file = Self.folder.appending(path: script)
        let written = try String(contentsOf: file, encoding: .utf8)
        var conversation = Conversation()
        var replayed: [String] = []
        for line in written.split(separator: "\n", omittingEmptySubsequences: false) where !line.hasPrefix("  ") {
            replayed.append(String(line))
            replayed += conversation.answer(String(line)).map { "  " + $0 }
        }
        let text = replayed.joined(separator: "\n")
        if ProcessInfo.processInfo.environment["REWRITE_CONVERSATIONS"] != nil {
            try Data(text.utf8).write(to: file)
        } else {
            #expect(text == written, "to accept what is decided now, run with REWRITE_CONVERSATIONS=1")
        }
    }
}
