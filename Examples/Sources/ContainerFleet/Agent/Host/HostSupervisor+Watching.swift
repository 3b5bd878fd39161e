import FleetEngine

extension HostSupervisor {
    /// Follows the Engine, and takes it up again whenever it was away.
    func watchEngine() async {
        var failures = 0
        while !Task.isCancelled {
            let began = clock.now.elapsed
            await follow()
            for task in tasks.keys.sorted() { apply(.engineLost, to: task) }
            inspected = [:]
            isEngineThere = false
            if clock.now.elapsed - began > .seconds(60) { failures = 0 }
            try? await clock.sleep(min(.milliseconds(100) * (1 << min(failures, 10)), .seconds(5)))
            failures += 1
        }
    }

    /// Events first: what happens while the list is made is not missed then.
    private func follow() async {
        let isOpen = Signal()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.readEvents(isOpen) }
            group.addTask {
                // An Engine may not say that the stream is open before something happens (Engine facts 12.10).
                await isOpen.wait(for: .seconds(2), by: self.clock)
                while !Task.isCancelled, await self.list() {
                    await self.listWanted.wait(for: self.configuration.listInterval, by: self.clock)
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func readEvents(_ isOpen: Signal) async {
        do {
            let events = try await engine.events(since: nil, EventFilter())
            isOpen.set()
            for try await event in events { happened(event) }
        } catch {
            // Whatever it was, the Engine is asked anew.
        }
    }

    private func happened(_ event: EngineEvent) {
        guard event.type == "container" else { return }
        let change: ContainerChange? =
            switch event.action {
            case "start": .started
            case "die": .exited(code: event.exitCode)
            case "oom": .ranOutOfMemory
            case "destroy": .gone
            case "health_status": event.detail.flatMap(ContainerState.Health.init).map { .health($0) }
            default: nil
            }
        guard let change else { return }
        if case .health(let health) = change { inspected[event.id]?.state.health = health }
        let isOwn = configuration.labels.allSatisfy { event.attributes[$0] == $1 }
        if let task = owners[event.id] ?? (isOwn ? event.attributes[FleetLabel.task] : nil), tasks[task] != nil {
            apply(.changed(container: event.id, change), to: task)
        } else if change == .started, isOwn || event.attributes["name"]?.hasPrefix(configuration.prefix) == true {
            listWanted.set()
        }
    }

    // MARK: Lists

    /// Asks for all containers, and tells the tasks.
    /// - Returns: whether the Engine answered.
    private func list() async -> Bool {
        for task in tasks.keys.sorted() { apply(.listBegan, to: task) }
        do {
            let containers = try await engine.list(ContainerFilter())
            let own = containers.filter { container in configuration.labels.allSatisfy { container.labels[$0] == $1 } }
            try await inspect(own)
            var found: [String: [FoundContainer]] = [:]
            for container in own {
                guard let task = container.labels[FleetLabel.task] else { continue }
                owners[container.id] = task
                let details = inspected[container.id]
                found[task, default: []].append(FoundContainer(container, details))
            }
            isEngineThere = true
            for task in tasks.keys.sorted() { apply(.listed(found[task, default: []]), to: task) }
            sweep(containers)
            return true
        } catch {
            return false
        }
    }

    /// Looks at those of our containers that have changed since they were looked at.
    private func inspect(_ containers: [ContainerSummary]) async throws {
        let ids = Set(containers.map(\.id))
        inspected = inspected.filter { ids.contains($0.key) }
        // Of those on their way out nothing can be learnt, and Engines may fail when they are asked.
        let silent: [ContainerState.Status] = [.created, .removing, .dead]
        let changed = containers.filter {
            !silent.contains($0.status) && inspected[$0.id]?.state.status != $0.status
        }
        let engine = engine
        try await withThrowingTaskGroup(of: ContainerDetails?.self) { group in
            for (index, container) in changed.enumerated() {
                if index >= 8, let details = try await group.next() { note(details) }
                group.addTask {
                    do {
                        return try await engine.inspect(container.id)
                    } catch let error as EngineError where error.kind == .notFound {
                        return nil
                    }
                }
            }
            for try await details in group { note(details) }
        }
    }

    private func note(_ details: ContainerDetails?) {
        if let details { inspected[details.id] = details }
    }

    private func sweep(_ containers: [ContainerSummary]) {
        let now = clock.now.elapsed
        let ids = Set(containers.map(\.id))
        idleSince = idleSince.filter { ids.contains($0.key) }
        owners = owners.filter { ids.contains($0.key) || tasks[$0.value] != nil }
        for container in containers {
            if container.status == .running || container.status == .paused {
                idleSince[container.id] = nil
            } else if idleSince[container.id] == nil {
                idleSince[container.id] = now
            }
        }
        let sweep = ContainerSweep(
            containers, of: configuration, tasks: Set(tasks.keys).union(store.unreadableTasks),
            idle: idleSince.mapValues { now - $0 })
        for container in sweep.killed { giving.yield(.kill(container)) }
        for container in sweep.removed { giving.yield(.remove(container)) }
    }
}

extension FoundContainer {
    /// A container of a list, with what was found by looking at it.
    init(_ container: ContainerSummary, _ details: ContainerDetails?) {
        let state = details?.state
        let status: ContainerStatus =
            switch container.status == .created ? .created : state?.status ?? container.status {
            case .created: .created
            case .exited, .dead, .removing:
                .exited(code: state?.exitCode, outOfMemory: state?.ranOutOfMemory ?? false)
            // Whatever is not known to have ended counts as running.
            default: .running
            }
        self.init(
            id: container.id, fingerprint: container.labels[FleetLabel.spec] ?? "", status: status,
            health: state?.health)
    }
}
