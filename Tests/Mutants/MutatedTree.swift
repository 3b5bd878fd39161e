import Foundation

/// A copy of the package with all mutants in it.
struct MutatedTree {
    let package: URL
    let mutants: [Mutant]

    private var folder: URL { package.appending(path: ".build/mutants") }
    /// The copied package.
    var tree: URL { folder.appending(path: "tree") }
    /// Where the copy is built.
    var scratch: URL { folder.appending(path: "scratch") }

    /// Brings the copy up to date. A file that is what it should be is not touched, so that builds stay incremental.
    /// - Throws: `MutationErrors` when mutants do not fit the sources.
    func write() throws {
        let mutated = try mutatedFiles()
        var wanted = Set(mutated.keys)
        for (path, text) in mutated { try Self.update(tree.appending(path: path), Data(text.utf8)) }
        for path in try packageFiles() where wanted.insert(path).inserted {
            try Self.update(tree.appending(path: path), try Data(contentsOf: package.appending(path: path)))
        }
        for path in try Self.files(in: tree, below: "") where !wanted.contains(path) {
            try FileManager.default.removeItem(at: tree.appending(path: path))
        }
        try lendDependencies()
    }

    /// The sources with mutants, and the switches that belong to them, by path in the package.
    func mutatedFiles() throws -> [String: String] {
        var files: [String: String] = [:]
        var numbers: [String: [String: Int]] = [:]
        var errors: [SchemataError] = []
        for (file, edits) in Schemata.editsByFile(mutants) {
            let url = package.appending(path: "Sources/\(file)")
            guard FileManager.default.fileExists(atPath: url.path) else {
                errors += edits.map { SchemataError($0, .noSuchFile) }
                continue
            }
            let source = try String(contentsOf: url, encoding: .utf8)
            do throws(SchemataError) {
                files["Sources/\(file)"] = try Schemata.rewrite(source, edits)
            } catch {
                errors.append(error)
            }
            for edit in edits { numbers[edit.edit.module, default: [:]][edit.mutant] = edit.number }
        }
        guard errors.isEmpty else { throw MutationErrors(errors: errors) }
        for (module, numbers) in numbers {
            files["Sources/\(module)/\(MutantSwitch.fileName)"] = MutantSwitch.source(numbers)
        }
        return files
    }

    private func packageFiles() throws -> [String] {
        let single = ["Package.swift", "Package.resolved"].filter {
            FileManager.default.fileExists(atPath: package.appending(path: $0).path)
        }
        return try single + ["Sources", "Tests"].flatMap { try Self.files(in: package, below: $0) }
    }

    /// The regular files, by their paths.
    private static func files(in root: URL, below folder: String) throws -> [String] {
        let start = folder.isEmpty ? root : root.appending(path: folder)
        guard FileManager.default.fileExists(atPath: start.path) else { return [] }
        return try FileManager.default.subpathsOfDirectory(atPath: start.path)
            .map { folder.isEmpty ? $0 : "\(folder)/\($0)" }
            .filter { path in
                var isFolder: ObjCBool = false
                let isThere = FileManager.default.fileExists(
                    atPath: root.appending(path: path).path, isDirectory: &isFolder)
                return isThere && !isFolder.boolValue
            }
    }

    private static func update(_ file: URL, _ data: Data) throws {
        if FileManager.default.fileExists(atPath: file.path), try Data(contentsOf: file) == data { return }
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }

    /// What the package has fetched need not be fetched again.
    private func lendDependencies() throws {
        guard !FileManager.default.fileExists(atPath: scratch.path) else { return }
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        for name in ["repositories", "checkouts", "workspace-state.json"] {
            let source = package.appending(path: ".build/\(name)")
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            try FileManager.default.copyItem(at: source, to: scratch.appending(path: name))
        }
    }
}

/// All mutants that do not fit the sources.
struct MutationErrors: Error, CustomStringConvertible {
    let errors: [SchemataError]

    var description: String {
        errors.map(\.description).sorted().joined(separator: "\n\n")
            + "\n\nThe list is in Tests/Mutants/List. A mutant whose code is gone for good is to be removed."
    }
}
