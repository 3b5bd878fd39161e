import ArgumentParser
import Foundation
import HelixAdmin
import HelixRecords
import StateModels

struct StateModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state-model", abstract: "List, show, check and add state models.",
        subcommands: [List.self, Show.self, Check.self, Add.self])
}

extension StateModelCommand {
    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the state models of a cluster.",
            discussion: """
                EXAMPLE
                  helix state-model list orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> NameList {
            NameList(names: try await administrator.stateModels(in: target.cluster))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a state model, as text, as its record, or as a diagram.",
            discussion: """
                EXAMPLES
                  helix state-model show orders MasterSlave
                  helix state-model show orders MasterSlave --format graphviz | dot -Tsvg > model.svg
                """)

        enum Format: String, ExpressibleByArgument, CaseIterable, Sendable {
            case text, json, mermaid, graphviz
        }

        @OptionGroup var target: ClusterArgument
        @Argument(help: "The state model's name.")
        var model: String
        @Option(help: "The form of the result; json is the record as ZooKeeper has it.")
        var format: Format = .text
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var log: LogOptions

        func run() async throws {
            let (cluster, name, logger) = (target.cluster, model, log.logger("helix"))
            let model = try await connection.withSession(logger) { session in
                try await Administrator(session: session, logger: logger).stateModel(name, in: cluster)
            }
            StandardOutput.write(try Self.text(of: model, format))
        }

        static func text(of model: StateModel, _ format: Format) throws -> String {
            switch format {
            case .text: StateModelReport(model).text
            case .json: try JSON.text(RecordReport(record: model.record))
            case .mermaid: model.mermaid
            case .graphviz: model.graphviz
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell everything that is wrong with a state model in a file.",
            discussion: """
                The file holds the record as ZooKeeper has it (JSON). The exit code is 1 when there is a fault. ZooKeeper \
                is not needed.

                EXAMPLE
                  helix state-model check bootstrap.json
                """)

        @Argument(help: "The file with the definition.", completion: .file(extensions: ["json"]))
        var file: String
        @OptionGroup var output: OutputOptions

        func run() throws {
            let report = FaultReport(record: try StateModelFile.read(file))
            try output.show(report)
            if !report.faults.isEmpty { throw ExitCode.failure }
        }
    }

    struct Add: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a state model from a file to a cluster.",
            discussion: """
                A definition with faults is refused; helix state-model check tells them too.

                EXAMPLE
                  helix state-model add orders bootstrap.json
                """)

        @OptionGroup var target: ClusterArgument
        @Argument(help: "The file with the definition.", completion: .file(extensions: ["json"]))
        var file: String
        @Flag(help: "Replace a different state model of that name.")
        var replace = false
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            let model = try StateModelFile.model(file)
            try await administrator.addStateModel(model, in: target.cluster, replacing: replace)
            return Confirmation(message: "state model \(model.name) added to cluster \(target.cluster)")
        }
    }
}

/// Definitions in files.
enum StateModelFile {
    static func read(_ file: String) throws -> ZNRecord {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: file))
        } catch {
            throw FileFault(description: "\(file) cannot be read: \(error.localizedDescription)")
        }
        return try ZNRecord(decoding: Array(data), path: file)
    }

    /// - Throws: `FileFault` naming everything that is wrong.
    static func model(_ file: String) throws -> StateModel {
        let report = FaultReport(record: try read(file))
        guard let model = report.model, report.faults.isEmpty else {
            throw FileFault(description: "\(file) was not added:\n\(report.text)")
        }
        return model
    }
}

/// A file that is not what it should be.
struct FileFault: Error, CustomStringConvertible {
    let description: String
}
