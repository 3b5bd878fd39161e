import NIOHTTP1

extension DockerEngine {
    /// See ``ContainerEngine/logs(of:_:)``.
    public func logs(of container: String, _ options: LogOptions) -> EngineStream<OutputChunk> {
        let query: [(String, String?)] = [
            ("stdout", "true"), ("stderr", "true"), ("follow", String(options.follows)),
            ("tail", options.tail.map(String.init)), ("since", options.since.map { String($0) }),
            ("timestamps", String(options.hasTimestamps)),
        ]
        return EngineStream {
            var rest: EngineStream<OutputChunk>.Iterator?
            return {
                if rest == nil {
                    let details = try await self.inspect(container)
                    let stream = try await self.connection.open(
                        "read logs of \(container)", .GET, "/containers/\(details.id)/logs", query, limit: nil)
                    rest = stream.output(hasFrames: !details.hasTerminal).makeAsyncIterator()
                }
                return try await rest?.next()
            }
        }
    }

    /// See ``ContainerEngine/execute(_:in:)``.
    public func execute(_ command: ExecSpec, in container: String) async throws -> Execution {
        struct Body: Encodable {
            var cmd: [String]
            var env: [String]
            var user: String?
            var workingDir: String?
            var attachStdout = true
            var attachStderr = true
        }
        struct Start: Encodable {
            var detach = false
            var tty = false
        }
        struct Answer: Decodable { var id: String }
        let call = "execute \(command.command.first ?? "nothing") in \(container)"
        let body = Body(
            cmd: command.command, env: command.environment.filterValues, user: command.user,
            workingDir: command.workingDirectory)
        let answer: Answer = try await connection.call(
            call, .POST, "/containers/\(container.inPath)/exec", body: try .json(body)
        ).decoded()
        // Without a wish to upgrade the Engine answers with 200, and with output until it closes the connection.
        let stream = try await connection.open(
            call, .POST, "/exec/\(answer.id)/start", body: try .json(Start()), limit: connection.limits.start)
        return Execution(id: answer.id, output: stream.output(hasFrames: true))
    }

    /// See ``ContainerEngine/exitCode(of:)``.
    public func exitCode(of execution: Execution) async throws -> Int {
        struct Answer: Decodable {
            var running: Bool?
            var exitCode: Int?
        }
        let call = "ask how a command ended"
        // The end of the output is seen a moment before the end of the command (Engine facts 12.9).
        return try await within(connection.limits.execution, call) {
            while true {
                let answer: Answer = try await self.connection.call(
                    call, .GET, "/exec/\(execution.id.inPath)/json"
                ).decoded()
                if answer.running != true, let code = answer.exitCode { return code }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }
}
