import ArgumentParser
import Coordination
import Foundation
import Logging
import ServiceLifecycle
import UnixSignals
import ZooKeeper

/// What agents and masters are told alike. Every option can be an environment variable, too: `--session-timeout` is
/// `FLEET_SESSION_TIMEOUT`. The command line goes first.
struct StoreOptions: ParsableArguments {
    @Option(help: "The ZooKeeper servers: host:port,host:port (FLEET_ZOOKEEPER; 127.0.0.1:2181).")
    var zookeeper: String?

    @Option(help: "The cluster's name in ZooKeeper (FLEET_CLUSTER; fleet).")
    var cluster: String?

    @Option(help: "Seconds after which a process that is not heard of counts as dead (FLEET_SESSION_TIMEOUT; 15).")
    var sessionTimeout: Double?

    @Option(help: "A file with user:password for ZooKeeper's digest scheme (FLEET_ZOOKEEPER_DIGEST_FILE).")
    var zookeeperDigestFile: String?

    @Flag(name: .shortAndLong, help: "Log more.")
    var verbose = false

    var clusterName: String { cluster ?? Environment["CLUSTER"] ?? "fleet" }

    var coordination: ZooKeeperCoordination { .zooKeeper(zookeeper ?? Environment["ZOOKEEPER"] ?? "127.0.0.1:2181") }

    var timeout: Duration { .seconds(sessionTimeout ?? Environment["SESSION_TIMEOUT"].flatMap { Double($0) } ?? 15) }

    var credentials: [Credential] {
        get throws {
            guard let file = zookeeperDigestFile ?? Environment["ZOOKEEPER_DIGEST_FILE"] else { return [] }
            return [Credential(scheme: "digest", secret: try TextFile.line(file))]
        }
    }

    func logger(_ label: String) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .notice
        return logger
    }

    /// Runs services until the process gets SIGTERM or Ctrl-C, or one of them fails. The last is shut down first.
    func run(_ services: [any Service], _ logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}

/// The environment variables of `fleet`: `FLEET_` and a name.
enum Environment {
    static subscript(name: String) -> String? {
        ProcessInfo.processInfo.environment["FLEET_\(name)"].flatMap { $0.isEmpty ? nil : $0 }
    }
}

enum TextFile {
    /// What a file says, without blanks at the ends: passwords and tokens.
    static func line(_ path: String) throws -> String {
        let text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { throw ValidationError("\(path) is empty, expected a secret") }
        return text
    }
}

/// Reads `name=value`.
enum Pairs {
    static func read(_ texts: [String], _ option: String) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
                throw ValidationError("\(option) is “\(text)”, expected name=value")
            }
            pairs[String(text[..<sign])] = String(text[text.index(after: sign)...])
        }
        return pairs
    }
}

/// Reads `host:port`.
struct ListenAddress {
    var host: String
    var port: Int

    init(_ text: String, _ option: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port), colon != text.startIndex
        else { throw ValidationError("\(option) is “\(text)”, expected host:port") }
        (host, self.port) = (String(text[..<colon]), port)
    }
}
