import Coordination
import HelixRecords
import TestSupport

/// Who is in trouble, and who may get into it.
actor Victims {
    private let cluster: ChaosCluster
    private var busy: Set<String> = []
    private var leadingController: String?

    init(_ cluster: ChaosCluster) { self.cluster = cluster }

    /// Chooses whom a fault hits, which nobody else hits then until it is released; `nil` when all are in trouble.
    func claim(_ fault: Fault) async -> Victim? {
        let leader = fault.aim == .leader ? await leader(of: fault.role) : nil
        let all = victims(of: fault.role)
        let first: Int
        if case .number(let number) = fault.aim { first = number % all.count } else { first = 0 }
        let order = all.filter { $0.name == leader } + all[first...] + all[..<first]
        guard let victim = order.first(where: { !busy.contains($0.name) }) else { return nil }
        busy.insert(victim.name)
        return victim
    }

    func release(_ victim: Victim) { busy.remove(victim.name) }

    /// Keeps track of which controller leads.
    func followLeader() async throws {
        let (cluster, path) = (cluster, cluster.paths.leader)
        while !Task.isCancelled {
            do {
                try await cluster.withSession { session in
                    let watcher = session.makeWatcher()
                    repeat {
                        // Only this watches for one that is not there yet.
                        _ = try await session.exists(path, watcher: watcher)
                        let data = try await session.getIfPresent(path)?.data
                        await self.note(leader: try data.map { try ZNRecord(decoding: $0, path: path).id })
                    } while await watcher.next() != nil
                }
            } catch let error as CoordinationError where error.isTransient || error.endsSession {
                try await Task.sleep(for: .milliseconds(100))  // the ensemble is not there now
            }
        }
    }

    private func note(leader: String?) { leadingController = leader }

    private func leader(of role: Fault.Role) async -> String? {
        guard role == .server else { return leadingController }
        let leader = await cluster.ensemble.roles().leader
        return cluster.ensemble.servers.firstIndex { $0 === leader }.map { Self.serverName($0) }
    }

    private func victims(of role: Fault.Role) -> [Victim] {
        switch role {
        case .server: cluster.ensemble.servers.enumerated().map { .server($1, name: Self.serverName($0)) }
        case .controller: cluster.controllers.map { .member($0) }
        case .participant: cluster.participants.map { .member($0) }
        case .spectator: [.spectator(cluster.spectatorLinks)]
        }
    }

    private static func serverName(_ index: Int) -> String { "server \(index + 1)" }
}

/// Whom a fault hits.
enum Victim: Sendable {
    case server(ZooKeeperServer, name: String)
    case member(Member)
    case spectator([NetworkLink])

    var name: String {
        switch self {
        case .server(_, let name): name
        case .member(let member): member.name
        case .spectator: "spectator"
        }
    }

    func begin(_ fault: Fault) async throws {
        switch (self, fault.kind) {
        case (.server(let server, _), .killed): await server.kill()
        case (.server(let server, _), _): server.pause()
        case (.member(let member), .killed): try await member.kill()
        case (.member(let member), .paused): member.pause()
        case (_, .cut): for link in links(fault) { link.cut() }
        default: for link in links(fault) { link.freeze() }
        }
    }

    func end(_ fault: Fault) async throws {
        switch (self, fault.kind) {
        case (.server(let server, _), .killed): try await server.restart(within: .seconds(90))
        case (.server(let server, _), _): server.resume()
        case (.member(let member), .killed): try member.start()
        case (.member(let member), .paused): member.resume()
        default: for link in links(fault) { link.restore() }
        }
    }

    private func links(_ fault: Fault) -> [NetworkLink] {
        let all: [NetworkLink]
        switch self {
        case .server: all = []
        case .member(let member): all = member.links
        case .spectator(let links): all = links
        }
        return fault.link.map { [all[$0]] } ?? all
    }
}

extension FaultPlan {
    /// Carries the plan out, to its end.
    func run(on victims: Victims, _ timeline: Timeline) async throws {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for fault in faults {
                group.addTask {
                    try await Task.sleep(until: start + fault.start)
                    guard let victim = await victims.claim(fault) else {
                        return timeline.note("\(fault): nobody is left")
                    }
                    timeline.note("\(victim.name): \(fault)")
                    timeline.count(fault)
                    try await victim.begin(fault)
                    try await Task.sleep(until: start + fault.end)
                    try await victim.end(fault)
                    timeline.note("\(victim.name) is back")
                    await victims.release(victim)
                }
            }
            try await group.waitForAll()
        }
    }
}
