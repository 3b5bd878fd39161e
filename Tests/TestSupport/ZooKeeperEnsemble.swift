/// Several real ZooKeeper servers of one test that make up an ensemble.
public struct ZooKeeperEnsemble: Sendable {
    /// The servers that vote; any of them may be killed, paused and restarted.
    public let servers: [ZooKeeperServer]
    /// Servers that hear of all that is decided, and decide nothing. One that is left in peace has the whole history in
    /// its log.
    public let observers: [ZooKeeperServer]

    /// Where clients connect to: the servers that vote.
    public var connectText: String { servers.map(\.connectText).joined(separator: ",") }

    /// Starts an ensemble and waits until all of its servers serve.
    /// - Parameters:
    ///   - count: how many servers vote; three bear the loss of one.
    ///   - observers: how many further servers observe.
    ///   - options: for each of the servers.
    public static func start(
        _ count: Int = 3, observers: Int = 0, _ options: ZooKeeperServer.Options = .init()
    ) async throws -> ZooKeeperEnsemble {
        var failures: [any Error] = []
        while failures.count < 3 {  // somebody else may take one of the ports in between
            do {
                return try await attempt(count, observers: observers, options)
            } catch {
                try Task.checkCancellation()
                failures.append(error)
            }
        }
        throw ServerError("no ensemble could be started: \(failures)")
    }

    private static func attempt(
        _ count: Int, observers: Int, _ options: ZooKeeperServer.Options
    ) async throws -> ZooKeeperEnsemble {
        var options = options
        options.configuration.merge(["initLimit": "20", "syncLimit": "10"]) { given, _ in given }
        for number in 1...count + observers {
            let (quorum, election) = (try Loopback.freePort(), try Loopback.freePort())
            let role = number > count ? "observer" : "participant"
            options.configuration["server.\(number)"] = "127.0.0.1:\(quorum):\(election):\(role)"
        }
        let servers = await withTaskGroup(of: (Int, Result<ZooKeeperServer, any Error>).self) { [options] group in
            for number in 1...count + observers {
                group.addTask {
                    var options = options
                    options.ensembleIdentifier = number
                    if number > count { options.configuration["peerType"] = "observer" }
                    do {
                        return (number, .success(try await ZooKeeperServer.start(options)))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let sorted: [ZooKeeperServer]
        do {
            sorted = try servers.sorted { $0.0 < $1.0 }.map { try $0.1.get() }
        } catch {
            for (_, server) in servers { if case .success(let server) = server { await server.stop() } }
            throw error
        }
        return ZooKeeperEnsemble(servers: Array(sorted.prefix(count)), observers: Array(sorted.dropFirst(count)))
    }

    /// The server that leads now, and those that follow it.
    public func roles() async -> (leader: ZooKeeperServer?, followers: [ZooKeeperServer]) {
        var roles: (leader: ZooKeeperServer?, followers: [ZooKeeperServer]) = (nil, [])
        for server in servers {
            let answer = await server.ask("srvr")
            if answer.contains("Mode: leader") { roles.leader = server }
            if answer.contains("Mode: follower") { roles.followers.append(server) }
        }
        return roles
    }

    /// Ends all servers and removes their data.
    public func stop() async {
        for server in servers + observers { await server.stop() }
    }
}

/// Runs `body` with an ensemble of its own, which ends when the body does.
public func withZooKeeperEnsemble<Value>(
    _ count: Int = 3, observers: Int = 0, _ options: ZooKeeperServer.Options = .init(),
    _ body: (ZooKeeperEnsemble) async throws -> Value
) async throws -> Value {
    let ensemble = try await ZooKeeperEnsemble.start(count, observers: observers, options)
    do {
        let value = try await body(ensemble)
        await ensemble.stop()
        return value
    } catch {
        await ensemble.stop()
        throw error
    }
}
