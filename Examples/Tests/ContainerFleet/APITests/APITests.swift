import AsyncHTTPClient
import Coordination
import FleetJobs
import FleetMaster
import FleetModel
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOHTTP1
import NIOSSL
import ServiceLifecycle
import Support
import Testing
import ZooKeeper

@testable import FleetAPI

@Suite("The HTTP API")
struct APITests {
    private static let job = "name: web\nversion: 1\nimage: nginx\n"

    @Test("its description has every endpoint, with its role, and no other")
    func openAPI() throws {
        let text = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
        guard case .map(let root) = try Document(yaml: text), case .map(let paths)? = root["paths"] else {
            Issue.record("it has no paths")
            return
        }
        var described: Set<String> = []
        for (path, methods) in paths {
            guard case .map(let methods) = methods else { continue }
            for (method, operation) in methods {
                guard case .map(let fields) = operation, case .text(let role)? = fields["x-role"] else { continue }
                described.insert("\(method.uppercased()) \(path) \(role)")
            }
        }
        let real = Set(Endpoint.all.map { "\($0.method) \($0.path) \($0.role?.rawValue ?? "none")" })
        #expect(described == real)
        #expect(real.count == Endpoint.all.count)
    }

    @Test("a job is created, deployed, looked at, stopped, undeployed and removed")
    func flow() async throws {
        try await APIStage.run { try await Self.playFlow($0) }
    }

    @Test("so it is with a real ZooKeeper", .timeLimit(.minutes(10)))
    func realFlow() async throws {
        try await withStage("") { zookeeper in
            try await APIStage.run(on: ZooKeeperCoordination(zookeeper.zookeeper)) { try await Self.playFlow($0) }
        }
    }

    private static func playFlow(_ stage: APIStage) async throws {
        let data = try await stage.ask(.post, "/v1/jobs", Self.job, expecting: .created)
        let id = try JSONDecoder().decode(JobReference.self, from: data).id
        try await stage.refused(.conflict, .jobAlreadyExists, .post, "/v1/jobs", Self.job)
        try await stage.ask(
            .post, "/v1/deployments", #"{"job": "web", "hosts": ["h0", "h1"]}"#, expecting: .created)
        let outcome = try await stage.read(WaitOutcome.self, "/v1/deployments/web-1/wait?timeout=30")
        #expect(outcome.phase == .active)
        try await APIStage.until { stage.fleet.status().count { $0.state == "RUNNING" } == 2 }
        let rows = try await stage.read([StatusRow].self, "/v1/status?host=h1")
        #expect(rows.map(\.job) == [id] && rows[0].detail.container == "c-h1")
        try await stage.refused(.conflict, .stillInUse, .delete, "/v1/jobs/web")
        try await stage.ask(.post, "/v1/deployments/web-1/goal", #"{"started": false, "hosts": ["h0"]}"#)
        try await APIStage.until { stage.fleet.status(host: "h0").map(\.goal) == ["STOP"] }
        try await stage.ask(.delete, "/v1/deployments/web-1?host=h0", expecting: .accepted)
        try await APIStage.until { stage.fleet.status().map(\.host) == ["h1"] }
        try await stage.ask(.delete, "/v1/deployments/web", expecting: .accepted)
        try await APIStage.until { stage.fleet.deployments().isEmpty && stage.fleet.view.resources.isEmpty }
        let history = try await stage.read([TaskEvent].self, "/v1/jobs/web/history")
        #expect(history.contains { $0.state == "RUNNING" })
        try await stage.ask(.delete, "/v1/jobs/web")
        try await stage.refused(.notFound, .jobNotFound, .get, "/v1/jobs/web")
    }

    @Test("whatever is wrong is told with a code and a cure")
    func errors() async throws {
        try await APIStage.run { stage in
            let data = try await stage.ask(.post, "/v1/jobs", "name: a b\nimage: X!\n", expecting: .badRequest)
            #expect(try JSONDecoder().decode(ErrorBody.self, from: data).problems?.count == 3)
            try await stage.refused(.notFound, .notFound, .get, "/v1/nothing")
            try await stage.refused(.badRequest, .invalidRequest, .post, "/v1/deployments", "{")
            try await stage.refused(.badRequest, .invalidRequest, .post, "/v1/deployments", "{}")
            try await stage.refused(.badRequest, .invalidRequest, .post, "/v1/deployments", #"{"job": "web"}"#)
            try await stage.refused(
                .notFound, .jobNotFound, .post, "/v1/deployments", #"{"job": "web", "replicas": 1}"#)
            try await stage.refused(.badRequest, .invalidRequest, .get, "/v1/events?after=x")
            try await stage.refused(.notFound, .deploymentNotFound, .get, "/v1/deployments/none/rollout")
            try await stage.refused(.notFound, .hostNotFound, .delete, "/v1/hosts/h9")
            try await stage.refused(.conflict, .hostInUse, .delete, "/v1/hosts/h0")
            try await stage.refused(.badRequest, .invalidRequest, .get, "/v1/hosts?selector=%3D")
        }
    }

    @Test(
        "who speaks another version is told so, and is not answered if that is too different (AC80)",
        arguments: [
            (nil, .ok, "MISSING"), ("1.0.0", .ok, "EQUAL"), ("1.0.7", .ok, "COMPATIBLE"), ("1.3.0", .ok, "MAYBE"),
            ("2.0.0", .upgradeRequired, "INCOMPATIBLE"), ("one", .badRequest, "INVALID"),
            ("1.0", .badRequest, "INVALID"),
        ] as [(String?, HTTPResponse.Status, String)])
    func versions(client: String?, status: HTTPResponse.Status, standing: String) async throws {
        let fleet = FleetMaster(cluster: "fleet", name: "m1", coordination: MemoryCoordination()).fleet
        let application = try FleetServer(fleet, access: .open).application(at: .hostname("127.0.0.1", port: 0))
        try await application.test(.router) { asking in
            let names = try ["Fleet-Version", "Fleet-Server-Version", "Fleet-Version-Status"].map {
                try #require(HTTPField.Name($0))
            }
            var headers = HTTPFields()
            headers[names[0]] = client
            for path in ["/v1/master", "/v1/nothing"] {
                try await asking.execute(uri: path, method: .get, headers: headers) { response in
                    let isAnswered = status == .ok
                    #expect(response.status == (isAnswered && path == "/v1/nothing" ? .notFound : status))
                    #expect(response.headers[names[1]] == "1.0.0")
                    #expect(response.headers[names[2]] == standing)
                }
            }
        }
    }

    @Test("a rollout is planned, carried out by its plan's index, and rolled back")
    func rollout() async throws {
        try await APIStage.run { stage in
            for version in ["1", "2"] {
                try await stage.ask(
                    .post, "/v1/jobs", "name: web\nversion: \(version)\nimage: nginx\n", expecting: .created)
            }
            try await stage.ask(
                .post, "/v1/deployments", #"{"job": "web:1", "everyHost": true}"#, expecting: .created)
            _ = try await stage.read(WaitOutcome.self, "/v1/deployments/web/wait?generation=1")
            let plan = try JSONDecoder().decode(
                FleetPlan.self, from: try await stage.ask(.post, "/v1/plans/rollout/web", #"{"job": "web:2"}"#))
            #expect(plan.changes.map(\.place) == ["h0", "h1"])
            let path = "/v1/deployments/web/rollout"
            try await stage.refused(
                .conflict, .stalePlan, .post, path, #"{"job": "web:2", "index": \#(plan.index - 1)}"#)
            try await stage.ask(
                .post, path, #"{"job": "web:2", "index": \#(plan.index), "policy": {"parallelism": 2}}"#,
                expecting: .accepted)
            let outcome = try await stage.read(WaitOutcome.self, "/v1/deployments/web/wait?generation=2")
            #expect(outcome.phase == .active)
            #expect(try await stage.read(DeploymentBody.self, "/v1/deployments/web").policy.parallelism == 2)
            try await stage.ask(.post, "/v1/deployments/web/rollback", expecting: .accepted)
            _ = try await stage.read(WaitOutcome.self, "/v1/deployments/web/wait?generation=3")
            let status = try await stage.read(RolloutStatus.self, path)
            #expect(status.generation.number == 3 && status.generation.job.hasPrefix("web:1:"))
        }
    }

    @Test("a group takes over what a host has, and leaves it to its hosts when it is released (AC66, AC73)")
    func takeover() async throws {
        try await APIStage.run { stage in
            try await stage.ask(.post, "/v1/jobs", Self.job, expecting: .created)
            try await stage.ask(.post, "/v1/deployments", #"{"job": "web", "hosts": ["h0"]}"#, expecting: .created)
            _ = try await stage.read(WaitOutcome.self, "/v1/deployments/web-1/wait")
            let wish = #"{"job": "web", "everyHost": true, "name": "all", "migrate": true}"#
            let plan = try await stage.ask(.post, "/v1/plans/deploy", wish)
            #expect(try JSONDecoder().decode(FleetPlan.self, from: plan).changes.map(\.place) == ["h1"])
            try await stage.ask(.post, "/v1/deployments", wish, expecting: .created)
            let outcome = try await stage.read(WaitOutcome.self, "/v1/deployments/all/wait")
            #expect(outcome.phase == .active)
            try await stage.refused(.notFound, .deploymentNotFound, .get, "/v1/deployments/web-1/rollout")
            let data = try await stage.ask(.post, "/v1/deployments/all/release")
            let parts = try JSONDecoder().decode([DeploymentBody].self, from: data)
            #expect(parts.map(\.name) == ["web-1"] && parts[0].hosts == ["h0", "h1"])
            try await APIStage.until { stage.fleet.deployments().map(\.name) == ["web-1"] }
            let rows = try await stage.read([StatusRow].self, "/v1/status?deployment=web-1")
            // The task that was made for the named host is called as it was.
            #expect(rows.map(\.host) == ["h0", "h1"] && rows[0].task.hasPrefix("web-1.web.1."))
            try await stage.refused(.badRequest, .invalidRequest, .post, "/v1/deployments/web-1/release")
            try await stage.refused(.notFound, .deploymentNotFound, .post, "/v1/deployments/all/release")
        }
    }

    @Test("callers may do what their role allows, and what they do is written down")
    func roles() async throws {
        try await APIStage.run(access: .tokens(first: "in the beginning")) { stage in
            try await stage.refused(.unauthorized, .unauthorized, .get, "/v1/jobs")
            try await stage.refused(.unauthorized, .unauthorized, .get, "/v1/jobs", token: "nobody.knows")
            var tokens: [Role: String] = [:]
            for role in Role.allCases {
                let data = try await stage.ask(
                    .put, "/v1/callers/the-\(role)", #"{"role": "\#(role)"}"#, token: "in the beginning",
                    expecting: .created)
                tokens[role] = try JSONDecoder().decode(CallerBody.self, from: data).token
            }
            let (reader, worker, admin) = (tokens[.reader], tokens[.operator], tokens[.admin])
            try await stage.ask(.get, "/v1/jobs", token: reader)
            try await stage.refused(.forbidden, .forbidden, .post, "/v1/jobs", Self.job, token: reader)
            try await stage.ask(.post, "/v1/jobs", Self.job, token: worker, expecting: .created)
            try await stage.refused(.forbidden, .forbidden, .get, "/v1/callers", token: worker)
            try await stage.ask(.put, "/v1/secrets/db", "hush", token: admin, expecting: .noContent)
            let names = try await stage.ask(.get, "/v1/secrets", token: worker)
            #expect(String(decoding: names, as: UTF8.self) == #"["db"]"#)
            let callers = String(decoding: try await stage.ask(.get, "/v1/callers", token: admin), as: UTF8.self)
            #expect(!callers.contains("token") && !callers.contains("hash"))
            let audit = try JSONDecoder().decode(
                [AuditEntry].self, from: try await stage.ask(.get, "/v1/audit", token: admin))
            #expect(audit.contains { $0.user == "the-operator" && $0.action == "POST /v1/jobs" && $0.outcome == "OK" })
            #expect(audit.contains { $0.outcome == "FORBIDDEN" })
            #expect(try await stage.fleet.store.jobIDs().count == 1)
        }
    }

    @Test("every list is JSON, and so is the master; its description is there for everybody")
    func lists() async throws {
        try await APIStage.run(access: .tokens(first: "in the beginning")) { stage in
            let isPlain: (Endpoint) -> Bool = {
                $0.method == .get && !$0.path.contains("{") && !$0.path.contains("stream") && !$0.path.contains("yaml")
            }
            for endpoint in Endpoint.all.filter(isPlain) {
                let data = try await stage.ask(.get, endpoint.path, token: "in the beginning")
                _ = try JSONSerialization.jsonObject(with: data)
            }
            #expect(try await stage.read(MasterBody.self, "/v1/master").leader == "m1")
            let text = String(decoding: try await stage.ask(.get, "/v1/openapi.yaml"), as: UTF8.self)
            #expect(text.hasPrefix("openapi:"))
        }
    }

    @Test("events stream as they happen, and resume from an index", .timeLimit(.minutes(10)))
    func events() async throws {
        try await APIStage.run { stage in
            let (ports, port) = AsyncStream<Int>.makeStream()
            let application = try stage.server.application(at: .hostname("127.0.0.1", port: 0)) { number in
                if let number { port.yield(number) }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                defer { group.cancelAll() }
                let number = try #require(await ports.first { _ in true })
                let base = "http://127.0.0.1:\(number)/v1/events/stream"
                try await stage.ask(.post, "/v1/jobs", Self.job, expecting: .created)
                let first = try await Self.listen(base, last: nil) { text in
                    text.contains("it was created") && text.contains("topic\":\"host\"")
                }
                let ids = Self.ids(first)
                #expect(ids == ids.sorted() && !ids.isEmpty)
                async let later = Self.listen(base, last: ids.last) { $0.contains("it was removed") }
                try await stage.ask(.delete, "/v1/jobs/web")
                let text = try await later
                #expect(!text.contains("it was created") && Self.ids(text).allSatisfy { $0 > ids.last ?? 0 })
            }
        }
    }

    @Test("with a certificate it speaks TLS", .timeLimit(.minutes(10)))
    func encrypted() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "fleet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let (key, certificate) = (directory.appending(path: "key.pem").path, directory.appending(path: "cert.pem").path)
        let maker = try Process.run(
            URL(filePath: "/usr/bin/openssl"),
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                "-subj", "/CN=localhost", "-keyout", key, "-out", certificate,
            ])
        maker.waitUntilExit()
        let tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
        try await APIStage.run { stage in
            let (ports, port) = AsyncStream<Int>.makeStream()
            let application = try stage.server.application(at: .hostname("127.0.0.1", port: 0), tls: tls) { number in
                if let number { port.yield(number) }
            }
            var settings = HTTPClient.Configuration()
            settings.tlsConfiguration = .makeClientConfiguration()
            settings.tlsConfiguration?.certificateVerification = .none
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: settings)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                defer { group.cancelAll() }
                let number = try #require(await ports.first { _ in true })
                let request = HTTPClientRequest(url: "https://127.0.0.1:\(number)/v1/master")
                let response = try await client.execute(request, timeout: .seconds(60))
                #expect(response.status == .ok)
            }
            try await client.shutdown()
        }
    }

    /// Listens until what has come satisfies a condition.
    private static func listen(
        _ url: String, last: Int64?, _ isEnough: @Sendable (String) -> Bool
    ) async throws -> String {
        var request = HTTPClientRequest(url: url)
        if let last { request.headers.add(name: "Last-Event-ID", value: "\(last)") }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        #expect(response.headers.first(name: "content-type") == "text/event-stream")
        var text = ""
        for try await part in response.body {
            text += String(buffer: part)
            if isEnough(text) { break }
        }
        return text
    }

    private static func ids(_ text: String) -> [Int64] {
        text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.compactMap { Int64($0.dropFirst(4)) }
    }
}
