import HelixParticipant
import StateModels

// The examples of Docs/participants.md, compiled: `DocumentationTests` compares them.

actor KeyValueShard: MasterSlaveHandler {
    private var token: Int64 = 0

    func offlineToSlave(_ context: TransitionContext) async throws { try await copyFromMaster() }
    func slaveToMaster(_ context: TransitionContext) async throws { token = context.fencingToken }
    func masterToSlave(_ context: TransitionContext) async throws { await stopTakingWrites() }
    func slaveToOffline(_ context: TransitionContext) async throws { await forget() }

    func suspended() async { await stopTakingWrites() }  // the connection is lost: somebody else may be promoted
    func resumed() async { await takeWrites() }  // the session lives on
    func reset() async { await forget() }  // the session is over: as if nothing had happened

    private func copyFromMaster() async throws {}
    private func stopTakingWrites() async {}
    private func takeWrites() async {}
    private func forget() async {}
}

func registerBootstrap(_ participant: Participant) throws {
    let bootstrap = try StateModel("Bootstrap", initial: "OFFLINE") {
        State("ONLINE", atMost: .replicas)
        State("BOOTSTRAP")
        State("OFFLINE")
        State("DROPPED")
        Transition("OFFLINE", to: "BOOTSTRAP")
        Transition("BOOTSTRAP", to: "ONLINE")
        Transition("ONLINE", to: "OFFLINE")
        Transition("OFFLINE", to: "DROPPED")
    }
    try participant.register(
        bootstrap,
        transitions: [
            Transition("OFFLINE", to: "BOOTSTRAP"): { context in try await load(context.partition) },
            Transition("BOOTSTRAP", to: "ONLINE"): { context in try await serve(context.partition) },
            Transition("ONLINE", to: "OFFLINE"): { context in try await stop(context.partition) },
        ])
}

private func load(_ partition: String) async throws {}
private func serve(_ partition: String) async throws {}
private func stop(_ partition: String) async throws {}

func reportWhatHappens(_ replica: Replica, _ context: TransitionContext) throws {
    try replica.report(from: "RUNNING", to: "EXITED", detail: "exit code 137")  // it exited
    try replica.report(from: "EXITED", to: "RUNNING")  // it came back
    replica.fail("disk sdb failed")  // ERROR, until an operator resets it
    context.report(detail: "copied 43 %")  // a text beside the state, at any time
}
