import FleetEngine

extension HostSupervisor {
    /// Does what a task asked for, and tells it what came of it.
    func perform(_ job: Job) async {
        switch job {
        case .task(let task, let action): await perform(action, of: task)
        case .kill(let container):
            // It may have got an owner since.
            if let owner = owners[container], tasks[owner] != nil { return }
            try? await engine.kill(container, signal: "KILL")
        case .remove(let container): try? await engine.remove(container, force: false, volumes: true)
        }
    }

    private func perform(_ action: TaskAction, of task: String) async {
        guard let record = tasks[task]?.supervisor.record else { return }
        let engine = engine
        switch action.call {
        case .probe(let container, let check, let timeout):
            let failure = await probe(container, check, timeout: timeout, of: record)
            if !Task.isCancelled { apply(.probed(action.number, failure: failure), to: task) }
        case .callOff: callOffs["\(task) \(action.number)"]?.set()
        case .fetch: await fetch(record.spec, number: action.number, for: task)
        case .create:
            await finish(action, of: task) { .created(try await self.create(task)) }
        case .start(let container):
            await finish(action, of: task) {
                do {
                    try await engine.start(container)
                } catch let error as EngineError where error.kind == .portInUse {
                    await self.dropTakenPorts(of: task)
                    throw error
                }
                return .done
            }
        case .stop(let container, let limit):
            await finish(action, of: task) {
                try await engine.stop(container, within: limit)
                return .done
            }
        case .kill(let container):
            await finish(action, of: task) {
                try await engine.kill(container, signal: "KILL")
                _ = try await engine.wait(for: container)
                return .done
            }
        case .remove(let container):
            await finish(action, of: task) {
                try await engine.remove(container, force: false, volumes: true)
                return .done
            }
        }
    }

    private func finish(
        _ action: TaskAction, of task: String, _ call: @Sendable () async throws -> CallOutcome
    ) async {
        let outcome: CallOutcome
        do {
            outcome = try await call()
        } catch {
            if Task.isCancelled || error is CancellationError { return }
            outcome = .failed(
                error as? EngineError ?? EngineError(.failed, call: "care for \(task)", message: "\(error)"))
        }
        apply(.finished(action.number, outcome), to: task)
    }

    // MARK: Images

    /// Fetches an image, unless that is called off.
    private func fetch(_ spec: TaskSpec, number: Int, for task: String) async {
        let key = "\(task) \(number)"
        let callOff = Signal()
        callOffs[key] = callOff
        defer { callOffs[key] = nil }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.finish(TaskAction(number: number, call: .fetch), of: task) {
                    try await self.fetch(spec, number, task)
                    return .done
                }
            }
            group.addTask { await callOff.wait() }
            await group.next()
            group.cancelAll()
        }
    }

    private func fetch(_ spec: TaskSpec, _ number: Int, _ task: String) async throws {
        if spec.pull == .ifMissing, try await isHere(spec.image) { return }
        do {
            let steps = try await engine.pull(spec.image, credentials: await credentials(spec.image))
            for try await step in steps { apply(.progressed(number, step), to: task) }
        } catch let error as EngineError {
            // What is here will do.
            if spec.pull == .always, try await isHere(spec.image) { return }
            throw error
        }
    }

    private func isHere(_ image: String) async throws -> Bool {
        do {
            _ = try await engine.image(image)
            return true
        } catch let error as EngineError where [.imageMissing, .notFound].contains(error.kind) {
            return false
        }
    }

    // MARK: Containers

    private func create(_ task: String) async throws -> String {
        guard let record = tasks[task]?.supervisor.record else { throw CancellationError() }
        let ports = try allotPorts(to: record)
        let secrets = try await read(record.spec.secrets)
        let spec = record.spec.container(of: task, ports: ports, on: configuration)
        let digits = String(random() & 0xffff_ffff, radix: 16)
        let container = try await engine.create(spec, name: configuration.containerName(of: task, suffix: digits)).id
        owners[container] = task
        guard !secrets.entries.isEmpty else { return container }
        do {
            try await engine.put(secrets, into: container, at: "/")
        } catch {
            // Without its secrets it is of no use. If it cannot be removed now, the task does when it sees it.
            try? await engine.remove(container, force: true, volumes: true)
            throw error
        }
        return container
    }

    /// Ports are on disk before any container has them.
    private func allotPorts(to record: TaskRecord) throws -> [String: Int] {
        let wishes = record.spec.portWishes
        guard !wishes.isEmpty else { return [:] }
        do {
            let prober = prober
            let ports = try allocator.allot(wishes, to: record.id, having: record.ports) {
                prober.isFree($0, isTCP: $1 == .tcp)
            }
            apply(.allotted(ports), to: record.id)
            try save(record.id)
            return ports
        } catch let error as PortError {
            throw EngineError(.portInUse, call: "create \(record.id)", message: error.description)
        }
    }

    /// Somebody who does not belong to the fleet may have taken ports meanwhile. Those that need not be these are
    /// chosen anew.
    private func dropTakenPorts(of task: String) {
        guard let record = tasks[task]?.supervisor.record else { return }
        let wishes = record.spec.portWishes
        let rest = record.ports.filter { name, port in
            guard let wish = wishes[name] else { return false }
            return wish.outside != nil || prober.isFree(port, isTCP: wish.transport == .tcp)
        }
        if rest != record.ports { apply(.allotted(rest), to: task) }
    }

    private func read(_ secrets: [String: Secret]) async throws -> Archive {
        var files = Archive()
        for (path, wanted) in secrets.sorted(by: { $0.key < $1.key }) {
            let content = try await secret(wanted.name)
            files.entries.append(
                .init(
                    path: String(path.drop { $0 == "/" }), content: content, mode: wanted.mode, user: wanted.user))
        }
        return files
    }

    // MARK: Health

    private func probe(
        _ container: String, _ check: Check, timeout: Duration, of record: TaskRecord
    ) async -> String? {
        switch check {
        case .image: return nil
        case .exec(let command): return await run(command, in: container, timeout: timeout)
        case .tcp(let name):
            guard let (host, port) = await place(of: name, in: container, of: record) else { return noPort(name) }
            return await prober.tcp(host: host, port: port, timeout: timeout)
        case .http(let name, let path):
            guard let (host, port) = await place(of: name, in: container, of: record) else { return noPort(name) }
            return await prober.http(host: host, port: port, path: path, timeout: timeout)
        }
    }

    private func noPort(_ name: String) -> String { "the container has no port “\(name)” that could be tried" }

    /// Where a port is tried: in the container itself, since a proxy of the Engine accepts connections to a port of the
    /// host before anybody listens behind it.
    private func place(of name: String, in container: String, of record: TaskRecord) async -> (String, Int)? {
        guard let port = record.spec.ports[name] else { return nil }
        if record.spec.hasHostNetwork { return (port.address ?? "127.0.0.1", port.inside) }
        if configuration.probesHostPorts {
            return (record.ports[name] ?? port.outside).map { (port.address ?? "127.0.0.1", $0) }
        }
        if inspected[container]?.addresses.isEmpty ?? true, let details = try? await engine.inspect(container) {
            inspected[container] = details
        }
        let addresses = (inspected[container]?.addresses ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        return addresses.first { !$0.isEmpty }.map { ($0, port.inside) }
    }

    private func run(_ command: [String], in container: String, timeout: Duration) async -> String? {
        let (engine, clock) = (engine, clock)
        return await withTaskGroup(of: String?.self) { group in
            group.addTask {
                do {
                    let result = try await engine.run(ExecSpec(command), in: container)
                    let output = result.output.split(separator: "\n").last.map { ": \($0.prefix(200))" } ?? ""
                    return result.exitCode == 0 ? nil : "the command ended with exit code \(result.exitCode)\(output)"
                } catch {
                    return "\(error)"
                }
            }
            group.addTask {
                try? await clock.sleep(timeout)
                return "the command did not end within \(timeout)"
            }
            let failure = await group.next() ?? nil
            group.cancelAll()
            return failure
        }
    }
}
