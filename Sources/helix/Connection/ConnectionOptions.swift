import ArgumentParser
import Coordination
import Foundation
import Logging
import ZooKeeper

/// Where ZooKeeper is, and how long to wait for it.
struct ConnectionOptions: ParsableArguments, Sendable {
    /// Where ZooKeeper is when it is not said on the command line.
    static let variable = "HELIX_ZOOKEEPER"

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The ZooKeeper servers, and optionally a path below which everything is. "
                + "Without it the environment variable HELIX_ZOOKEEPER counts.",
            valueName: "host:port[,…][/chroot]"))
    var zookeeper: String?

    @Option(
        help: ArgumentHelp("How many seconds to wait for ZooKeeper when connecting.", valueName: "seconds"))
    var timeout: Double = 10

    func validate() throws {
        if connectText == nil {
            throw ValidationError(
                "it is not known where ZooKeeper is: give --zookeeper HOST:PORT, or set the environment variable "
                    + "\(Self.variable)=HOST:PORT")
        }
        guard timeout > 0, timeout <= 86_400 else {
            throw ValidationError("--timeout is \(timeout), expected more than 0 and at most 86400 seconds")
        }
    }

    private var connectText: String? {
        let text = zookeeper ?? ProcessInfo.processInfo.environment[Self.variable] ?? ""
        return text.isEmpty ? nil : text
    }

    /// The ensemble, for services that keep their sessions themselves.
    var coordination: ZooKeeperCoordination { ZooKeeperCoordination(connectText ?? "") }

    /// Runs `body` in a session.
    /// - Throws: `NoAnswer` when ZooKeeper does not answer within the timeout.
    func withSession<Value: Sendable>(
        _ logger: Logger, _ body: @escaping @Sendable (any CoordinationSession) async throws -> Value
    ) async throws -> Value {
        let service = PatientCoordination(
            service: coordination, patience: .milliseconds(Int64(timeout * 1000)), connectText: connectText ?? "")
        do {
            return try await service.withSession(SessionConfiguration(logger: logger), body)
        } catch let error as CoordinationError where error.code == .operationTimeout && error.path == nil {
            throw NoAnswer(description: error.reason)
        }
    }

    /// Makes sure that ZooKeeper answers, before a service is started that would wait for it without end.
    func probe(_ logger: Logger) async throws {
        try await withSession(logger) { _ in }
    }
}

/// ZooKeeper did not answer.
struct NoAnswer: Error, CustomStringConvertible {
    let description: String
}

/// A coordination service that is given so long to open a session, and no longer.
struct PatientCoordination: CoordinationService {
    let service: any CoordinationService
    let patience: Duration
    let connectText: String

    func openSession(
        _ configuration: SessionConfiguration
    ) async throws(CoordinationError) -> any CoordinationSession {
        let attempt = await withTaskGroup(of: Result<any CoordinationSession, CoordinationError>?.self) { group in
            group.addTask { await Result.opening(service, configuration) }
            group.addTask {
                // It fails only when the session was there first.
                do { try await Task.sleep(for: patience) } catch { return nil }
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // A session that was opened in the last moment must not stay behind.
            if first == nil, case .success(let late)?? = await group.next() { await late.close() }
            return first
        }
        guard let attempt else {
            throw CoordinationError(
                .operationTimeout, operation: "open session",
                reason: "no answer from ZooKeeper at \(connectText) within \(patience); is it running there, and can "
                    + "this host reach it? Try --timeout to wait longer")
        }
        return try attempt.get()
    }
}

extension Result where Success == any CoordinationSession, Failure == CoordinationError {
    fileprivate static func opening(
        _ service: any CoordinationService, _ configuration: SessionConfiguration
    ) async -> Self {
        do throws(CoordinationError) {
            return .success(try await service.openSession(configuration))
        } catch {
            return .failure(error)
        }
    }
}
