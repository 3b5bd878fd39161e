import HelixParticipant
import Logging
import ServiceLifecycle
import ZooKeeper

// The example of the README, compiled: `DocumentationTests` compares them.

struct OrderShard: LeaderStandbyHandler {
    func offlineToStandby(_ context: TransitionContext) async throws {}  // open the partition
    func standbyToLeader(_ context: TransitionContext) async throws {}  // serve; context.fencingToken only grows
    func leaderToStandby(_ context: TransitionContext) async throws {}  // stop serving
    func standbyToOffline(_ context: TransitionContext) async throws {}  // close it
    func suspended() async {}  // the connection is lost: stop serving until resumed()
}

func embedParticipant(logger: Logger) async throws {
    let participant = Participant(cluster: "orders", instance: "node1_8080", coordination: .zooKeeper("127.0.0.1:2181"))
    participant.register(.leaderStandby) { replica in OrderShard() }
    try await ServiceGroup(services: [participant], logger: logger).run()
}
