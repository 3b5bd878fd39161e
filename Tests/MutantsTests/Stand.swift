import Foundation

@testable import Mutants

/// A folder for a test, removed after it.
final class Stand {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "mutants-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            print("could not remove \(folder.path): \(error)")
        }
    }

    func write(_ path: String, _ text: String) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    func read(_ path: String) throws -> String { try String(contentsOf: folder.appending(path: path), encoding: .utf8) }

    func has(_ path: String) -> Bool { FileManager.default.fileExists(atPath: folder.appending(path: path).path) }

    /// A simulator that is a shell script.
    func simulator(_ script: String) throws -> Simulator {
        try write("simulate", "#!/bin/sh\n\(script)\n")
        let program = folder.appending(path: "simulate")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        return Simulator(program: program)
    }
}

extension Trials {
    /// What comes of mutants, by name.
    func results(of mutants: [Mutant]) async throws -> [String: Result] {
        let time = try await checkProduct(for: mutants)
        var results: [String: Result] = [:]
        try await run(mutants, productTime: time) { results[$0.mutant.name] = $0 }
        return results
    }
}
