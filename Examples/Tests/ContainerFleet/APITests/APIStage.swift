import Coordination
import FleetAPI
import FleetMaster
import FleetModel
import Foundation
import HTTPTypes
import HelixAdmin
import HelixParticipant
import Hummingbird
import HummingbirdTesting
import Logging
import StateModels
import Support
import Testing

/// A master with two hosts, all in this process, and what asks it.
struct APIStage: Sendable {
    let fleet: Fleet
    let server: FleetServer
    let client: any TestClientProtocol

    static func run(
        access: FleetServer.Access = .open, on service: any CoordinationService = MemoryCoordination(),
        _ body: @escaping @Sendable (APIStage) async throws -> Void
    ) async throws {
        let quiet = Logger(label: "quiet") { _ in SwiftLogNoOpLogHandler() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let master = FleetMaster(cluster: "fleet", name: "m1", coordination: service, logger: quiet)
            group.addTask { try await master.run() }
            defer { group.cancelAll() }
            try await until { master.isLeading && master.fleet.view.leader != nil && master.fleet.view.table != nil }
            for host in ["h0", "h1"] {
                try await master.fleet.register(host, HostDescription(labels: ["host": host]))
                let participant = Participant(
                    cluster: "fleet", instance: host, coordination: service, logger: quiet)
                participant.register(custom: .container) { _ in ReadyAgent() }
                group.addTask { try await participant.run() }
            }
            try await until { master.fleet.view.hosts.count { $0.isUp } == 2 }
            let server = FleetServer(master.fleet, access: access, logger: quiet)
            let application = try server.application(at: .hostname("127.0.0.1", port: 0))
            try await application.test(.router) { client in
                try await body(APIStage(fleet: master.fleet, server: server, client: client))
            }
        }
    }

    static func until(_ condition: () throws -> Bool) async throws {
        // Simulations beside this one take the processors for themselves.
        try await eventually(within: .seconds(300), "it", condition)
    }

    /// Asks, and expects a status.
    @discardableResult
    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ body: String = "", token: String? = nil,
        expecting status: HTTPResponse.Status = .ok, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Data {
        var headers = HTTPFields()
        if let token { headers[.authorization] = "Bearer \(token)" }
        return try await client.execute(
            uri: path, method: method, headers: headers, body: body.isEmpty ? nil : ByteBuffer(string: body)
        ) { response in
            let text = String(buffer: response.body)
            #expect(response.status == status, "\(method) \(path): \(text)", sourceLocation: sourceLocation)
            return Data(text.utf8)
        }
    }

    /// Asks, and expects an error of a kind.
    func refused(
        _ status: HTTPResponse.Status, _ code: FleetError.Code, _ method: HTTPRequest.Method, _ path: String,
        _ body: String = "", token: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let data = try await ask(
            method, path, body, token: token, expecting: status, sourceLocation: sourceLocation)
        let error = try JSONDecoder().decode(ErrorBody.self, from: data)
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(!error.reason.isEmpty && !error.cure.isEmpty, sourceLocation: sourceLocation)
    }

    func read<Value: Decodable>(_: Value.Type, _ path: String) async throws -> Value {
        try JSONDecoder().decode(Value.self, from: try await ask(.get, path))
    }
}

/// Does at once what it is told.
private struct ReadyAgent: TransitionHandler {
    func transition(_ context: TransitionContext) async throws {
        var detail = TaskDetail()
        detail.container = "c-\(context.instance)"
        context.report(detail: detail.text)
    }
}
