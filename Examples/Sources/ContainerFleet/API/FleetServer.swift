import FleetJobs
public import FleetMaster
import HTTPTypes
public import Hummingbird
import HummingbirdTLS
public import Logging
public import NIOSSL

/// The HTTP API of a master.
///
/// ```swift
/// let master = FleetMaster(cluster: "fleet", name: "m1", coordination: zooKeeper)
/// let server = FleetServer(master.fleet, access: .tokens(first: secret))
/// let application = try server.application(at: .hostname("0.0.0.0", port: 5801))
/// try await ServiceGroup(services: [master, application], logger: logger).run()
/// ```
public struct FleetServer: Sendable {
    /// Who may ask.
    public enum Access: Sendable {
        /// Everybody, everything: for machines that only one person uses.
        case open
        /// Who has a token, what its role allows. Whoever says `first`, if it is set, is an administrator: for the time until
        /// there is one.
        case tokens(first: String? = nil)
    }

    private let fleet: Fleet
    private let gate: Gate
    private let logger: Logger

    /// The API of a master.
    public init(_ fleet: Fleet, access: Access, logger: Logger = Logger(label: "fleet.api")) {
        self.fleet = fleet
        gate = Gate(access, fleet)
        self.logger = logger
    }

    /// The server, as a service.
    /// - Parameters:
    ///   - tls: certificates; without them it speaks plain HTTP.
    ///   - onRunning: is told the port when it listens.
    public func application(
        at address: BindAddress, tls: TLSConfiguration? = nil,
        onRunning: @escaping @Sendable (_ port: Int?) async -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        Application(
            router: router, server: try tls.map { try .tls(.http1(), tlsConfiguration: $0) } ?? .http1(),
            configuration: ApplicationConfiguration(address: address, serverName: "fleet"),
            onServerRunning: { await onRunning($0.localAddress?.port) }, logger: logger)
    }

    /// The routes.
    var router: Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: VersionCheck())
        router.add(middleware: PlainErrors())
        for endpoint in Endpoint.all {
            router.on(RouterPath(endpoint.path), method: endpoint.method) { request, context in
                await answer(endpoint, request, context)
            }
        }
        return router
    }

    private func answer(_ endpoint: Endpoint, _ request: Request, _ context: BasicRequestContext) async -> Response {
        var (user, outcome) = ("", "OK")
        let response: Response
        do {
            user = try await gate.admit(request, to: endpoint)
            // The body can be read more than once.
            var request = request
            if endpoint.method != .get { _ = try? await request.collectBody(upTo: APICall.bodyLimit) }
            response = try await endpoint.handle(
                APICall(fleet: fleet, request: request, context: context, user: user))
        } catch {
            let error = plain(error)
            outcome = error.code.rawValue
            response = Answer.error(error)
        }
        if endpoint.method != .get { await note(endpoint, request, user, outcome) }
        return response
    }

    private func plain(_ error: any Error) -> FleetError {
        switch error {
        case let error as FleetError: return error
        case let error as JobError: return FleetError(error)
        case let error as HTTPError:
            return FleetError(.invalidRequest, error.description, cure: "look at GET /v1/openapi.yaml")
        default:
            logger.error("A request failed", metadata: ["error": "\(error)"])
            return FleetError(.storeUnavailable, "it could not be done: \(error)", cure: "try again")
        }
    }

    /// Who asked for what is written down; if that fails it is said in the log, for what was done is done.
    private func note(_ endpoint: Endpoint, _ request: Request, _ user: String, _ outcome: String) async {
        let entry = AuditEntry(
            time: fleet.time, user: user, action: "\(endpoint.method) \(endpoint.path)", subject: request.uri.path,
            outcome: outcome, master: fleet.master)
        do {
            try await fleet.store.note(entry)
        } catch {
            logger.warning("Not in the audit log: \(entry)", metadata: ["error": "\(error)"])
        }
    }
}

/// Says in the API's words that there is no such page.
private struct PlainErrors: RouterMiddleware {
    typealias Context = BasicRequestContext

    @concurrent func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError where error.status == .notFound || error.status == .methodNotAllowed {
            return Answer.error(
                FleetError(
                    .notFound, "there is no \(request.method) \(request.uri.path)",
                    cure: "GET /v1/openapi.yaml tells what there is"))
        }
    }
}
