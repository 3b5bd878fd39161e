import NIOHTTP1

extension DockerEngine {
    /// See ``ContainerEngine/create(_:name:)``.
    public func create(_ spec: ContainerSpec, name: String?) async throws -> CreatedContainer {
        struct Answer: Decodable {
            var id: String
            var warnings: [String]?
        }
        let answer: Answer = try await connection.call(
            "create \(name ?? spec.image)", .POST, "/containers/create", [("name", name)],
            body: try .json(CreateBody(spec)), limit: connection.limits.start
        ).decoded()
        return CreatedContainer(id: answer.id, warnings: answer.warnings ?? [])
    }

    /// See ``ContainerEngine/start(_:)``.
    public func start(_ container: String) async throws {
        try await change("start", container, "/start", limit: connection.limits.start)
    }

    /// See ``ContainerEngine/stop(_:within:)``.
    public func stop(_ container: String, within limit: Duration?) async throws {
        // Without a limit of the caller's the container's own counts, which may be any.
        try await change(
            "stop", container, "/stop", [("t", limit.map { String($0.wholeSeconds) })],
            limit: limit.map { $0 + connection.limits.stop })
    }

    /// See ``ContainerEngine/kill(_:signal:)``.
    public func kill(_ container: String, signal: String) async throws {
        try await change("kill", container, "/kill", [("signal", signal)], limit: connection.limits.call)
    }

    /// See ``ContainerEngine/remove(_:force:volumes:)``.
    public func remove(_ container: String, force: Bool, volumes: Bool) async throws {
        _ = try await connection.call(
            "remove \(container)", .DELETE, "/containers/\(container.inPath)",
            [("force", String(force)), ("v", String(volumes))], limit: connection.limits.start)
    }

    /// See ``ContainerEngine/wait(for:)``.
    public func wait(for container: String) async throws -> Int {
        struct Answer: Decodable {
            struct Failure: Decodable { var message: String? }
            var statusCode: Int
            var error: Failure?
        }
        // Podman may never answer when the next exit is waited for (Engine facts 12.10).
        let call = "wait for \(container)"
        let answer: Answer = try await connection.call(
            call, .POST, "/containers/\(container.inPath)/wait", [("condition", "not-running")], limit: nil
        ).decoded()
        if let message = answer.error?.message, !message.isEmpty {
            throw EngineError(.failed, call: call, message: message)
        }
        return answer.statusCode
    }

    /// See ``ContainerEngine/inspect(_:)``.
    public func inspect(_ container: String) async throws -> ContainerDetails {
        let answer: InspectAnswer = try await connection.call(
            "inspect \(container)", .GET, "/containers/\(container.inPath)/json"
        ).decoded()
        return answer.details
    }

    /// See ``ContainerEngine/list(_:)``.
    public func list(_ filter: ContainerFilter) async throws -> [ContainerSummary] {
        let filters = filter.labels.isEmpty ? [:] : ["label": filter.labels.filterValues]
        let answer: [ListedContainer]? = try await connection.call(
            "list containers", .GET, "/containers/json",
            [("all", String(filter.includesStopped)), ("filters", try Payload.json(filters).text)]
        ).decoded()
        return (answer ?? []).map(\.summary)
    }

    /// See ``ContainerEngine/sample(_:)``.
    public func sample(_ container: String) async throws -> ContainerSample {
        let answer: StatsAnswer = try await connection.call(
            "sample \(container)", .GET, "/containers/\(container.inPath)/stats",
            [("stream", "false"), ("one-shot", "true")]
        ).decoded()
        return answer.sample
    }

    /// See ``ContainerEngine/put(_:into:at:)``.
    public func put(_ files: Archive, into container: String, at directory: String) async throws {
        _ = try await connection.call(
            "put files into \(container)", .PUT, "/containers/\(container.inPath)/archive", [("path", directory)],
            body: .archive(try files.bytes()), limit: connection.limits.start)
    }

    /// See ``ContainerEngine/archive(_:of:)``.
    public func archive(_ path: String, of container: String) async throws -> Archive {
        let answer = try await connection.call(
            "get \(path) of \(container)", .GET, "/containers/\(container.inPath)/archive", [("path", path)],
            limit: connection.limits.start)
        return try Archive(bytes: answer.bytes)
    }

    private func change(
        _ verb: String, _ container: String, _ path: String, _ query: [(String, String?)] = [], limit: Duration?
    ) async throws {
        _ = try await connection.call(
            "\(verb) \(container)", .POST, "/containers/\(container.inPath)\(path)", query, limit: limit)
    }
}
