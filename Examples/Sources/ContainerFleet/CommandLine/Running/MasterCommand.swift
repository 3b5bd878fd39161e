import ArgumentParser
import Coordination
import FleetAPI
import FleetMaster
import Foundation
import HelixAdmin
import HelixRecords
import Hummingbird
import Logging
import NIOSSL
import ServiceLifecycle

struct MasterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "master", abstract: "Decide what runs where, and answer those who ask.",
        discussion: """
            Run two or three: all answer, one acts, and another takes over when it dies. Whoever asks needs a token, unless \
            the master is open; the first one, of an administrator, is in a file that is given here.

            EXAMPLES
              fleet master --zookeeper zk1:2181 --open
              fleet master --zookeeper zk1:2181,zk2:2181,zk3:2181 --first-token-file /etc/fleet/first --listen 0.0.0.0:5801
              fleet master --first-token-file first --tls-certificate cert.pem --tls-key key.pem
            """)

    @OptionGroup var store: StoreOptions
    @Option(help: "The master's name, unlike any other's (FLEET_NAME; the machine's name and the port).")
    var name: String?
    @Option(help: "Where it answers: host:port (FLEET_LISTEN; 127.0.0.1:5801).") var listen: String?
    @Flag(help: "Let everybody do everything, without tokens.") var open = false
    @Option(help: "A file with the token of the first administrator (FLEET_FIRST_TOKEN has it itself).")
    var firstTokenFile: String?
    @Option(
        help: ArgumentHelp(
            "Of masters with --zookeeper-digest-file: the agents' user:hash in ZooKeeper, who alone read secrets then.",
            valueName: "user:hash"))
    var agentsDigest: String?
    @Option(help: "A file with the certificate, and those that lead to it (PEM).") var tlsCertificate: String?
    @Option(help: "A file with the certificate's key (PEM).") var tlsKey: String?

    func validate() throws {
        if open, firstTokenFile != nil {
            throw ValidationError("--open and --first-token-file exclude each other")
        }
        if let agentsDigest, agentsDigest.split(separator: ":").count != 2 {
            throw ValidationError("--agents-digest is “\(agentsDigest)”, expected user:base64(SHA-1 of user:password)")
        }
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-certificate and --tls-key belong together")
        }
    }

    func run() async throws {
        let logger = store.logger("fleet.master")
        let door = try ListenAddress(listen ?? Environment["LISTEN"] ?? "127.0.0.1:5801", "--listen")
        let name = name ?? Environment["NAME"] ?? "\(ProcessInfo.processInfo.hostName)_\(door.port)"
        var configuration = MasterConfiguration()
        configuration.sessionTimeout = store.timeout
        configuration.credentials = try store.credentials
        configuration.agents = agentsDigest
        let master = FleetMaster(
            cluster: store.clusterName, name: name, coordination: store.coordination, configuration: configuration,
            logger: logger)
        let first = try firstTokenFile.map { try TextFile.line($0) } ?? Environment["FIRST_TOKEN"]
        let server = FleetServer(master.fleet, access: open ? .open : .tokens(first: first), logger: logger)
        let application = try server.application(
            at: .hostname(door.host, port: door.port), tls: try tls
        ) { port in
            logger.notice("The master \(name) answers at port \(port ?? door.port)")
        }
        let settings = ClusterSettings(
            cluster: store.clusterName, coordination: store.coordination, credentials: try store.credentials,
            logger: logger)
        try await store.run([settings, master, application], logger)
    }

    private var tls: TLSConfiguration? {
        get throws {
            guard let tlsCertificate, let tlsKey else { return nil }
            let chain = try NIOSSLCertificate.fromPEMFile(tlsCertificate).map {
                NIOSSLCertificateSource.certificate($0)
            }
            let key = try NIOSSLPrivateKey(file: tlsKey, format: .pem)
            return .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        }
    }
}

/// Lets the controller call off transitions that are not wanted any more: a container that does not get healthy gives way
/// to a rollback only so.
private struct ClusterSettings: Service {
    let cluster: String
    let coordination: any CoordinationService
    let credentials: [Credential]
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await write()
                    break
                } catch {
                    logger.debug("The cluster is not set up yet", metadata: ["error": "\(error)"])
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
        }
        try await gracefulShutdown()
    }

    private func write() async throws {
        let cluster = cluster
        let configuration = SessionConfiguration(credentials: credentials, logger: logger)
        try await coordination.withSession(configuration) { session in
            let administrator = Administrator(session: session)
            let path = ClusterPaths(cluster: cluster).clusterConfig
            let (data, _) = try await session.get(path)
            guard try ClusterConfig(decoding: data, path: path).isCancellationEnabled == false else { return }
            try await administrator.updateClusterConfig(cluster) { $0.isCancellationEnabled = true }
        }
    }
}
