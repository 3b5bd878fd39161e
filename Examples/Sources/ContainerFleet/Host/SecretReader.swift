import FleetAgent
import FleetEngine
import FleetJobs
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Gets the contents of secrets for containers, and what registries want to know.
///
/// What came from the store is kept in memory, never on disk: so containers are made anew while the store is away, but not
/// after the agent itself has been restarted then.
final class SecretReader: Sendable {
    private struct State {
        var contents: [String: [UInt8]] = [:]
        /// Where the credentials for images are.
        var registries: [String: SecretSource] = [:]
    }

    private let state = Mutex(State())

    /// Remembers where the credentials for a job's image are.
    func note(_ job: Job) {
        state.withLock { $0.registries[job.image] = job.registryAuth }
    }

    /// The content of a secret.
    /// - Parameter name: as jobs write it: `file:…`, `env:…`, `store:…`.
    /// - Throws: `SecretError` when there is no such secret.
    func content(_ name: String, _ store: (String) async throws -> [UInt8]?) async throws -> [UInt8] {
        switch SecretSource(name) {
        case .file(let path): return Array(try Data(contentsOf: URL(filePath: path)))
        case .environment(let variable):
            guard let value = ProcessInfo.processInfo.environment[variable] else { break }
            return Array(value.utf8)
        case .store(let key):
            do {
                guard let content = try await store(key) else { break }
                state.withLock { $0.contents[key] = content }
                return content
            } catch {
                if let known = state.withLock({ $0.contents[key] }) { return known }
                throw error
            }
        case nil: break
        }
        throw SecretError(name: name)
    }

    /// What the registry of an image wants, if its job says where that is.
    func credentials(_ image: String, _ store: (String) async throws -> [UInt8]?) async -> RegistryCredentials? {
        struct Account: Decodable {
            var username: String
            var password: String
        }
        guard let source = state.withLock({ $0.registries[image] }),
            let content = try? await content(source.description, store),
            let account = try? JSONDecoder().decode(Account.self, from: Data(content))
        else { return nil }
        return RegistryCredentials(
            username: account.username, password: account.password, server: Self.registry(of: image))
    }

    /// The part of an image's name before the first slash, if that is a host; else Docker's own registry.
    static func registry(of image: String) -> String {
        let first = image.split(separator: "/", maxSplits: 1).first.map(String.init) ?? ""
        let isHost = image.contains("/") && (first.contains(".") || first.contains(":") || first == "localhost")
        return isHost ? first : "https://index.docker.io/v1/"
    }
}
