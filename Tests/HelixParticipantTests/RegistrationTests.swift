import Coordination
import HelixParticipant
import HelixRecords
import Logging
import StateModels
import Synchronization
import Testing

@Suite("Registering handlers")
struct RegistrationTests {
    static let bootstrap: StateModel = {
        do {
            return try StateModel("Bootstrap", initial: "OFFLINE") {
                State("ONLINE", atMost: .replicas)
                State("BOOTSTRAP")
                State("OFFLINE")
                Transition("OFFLINE", to: "BOOTSTRAP")
                Transition("BOOTSTRAP", to: "ONLINE")
                Transition("ONLINE", to: "OFFLINE")
                Transition("OFFLINE", to: "DROPPED")
            }
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    func participant() -> Participant {
        Participant(cluster: "c", instance: "n1_1", coordination: MemoryCoordination())
    }

    @Test("a table that fits its model is taken")
    func fitting() throws {
        try participant().register(
            Self.bootstrap,
            transitions: [
                Transition("OFFLINE", to: "BOOTSTRAP"): { _ in }, Transition("BOOTSTRAP", to: "ONLINE"): { _ in },
                Transition("ONLINE", to: "OFFLINE"): { _ in },
            ])
    }

    @Test("a table that does not fit is refused, and every missing and unknown transition is named")
    func unfitting() throws {
        let error = #expect(throws: RegistrationError.self) {
            try participant().register(
                Self.bootstrap,
                transitions: [
                    Transition("OFFLINE", to: "BOOTSTRAP"): { _ in }, Transition("OFFLINE", to: "ONLINE"): { _ in },
                    Transition("A", to: "B"): { _ in },
                ])
        }
        let found = try #require(error)
        #expect(found.missing == [Transition("BOOTSTRAP", to: "ONLINE"), Transition("ONLINE", to: "OFFLINE")])
        #expect(found.unknown == [Transition("A", to: "B"), Transition("OFFLINE", to: "ONLINE")])
        for text in ["Bootstrap", "missing: BOOTSTRAP to ONLINE, ONLINE to OFFLINE", "A to B"] {
            #expect(found.description.contains(text), "\(found.description)")
        }
    }

    @Test("a custom model works from end to end, with a table")
    func table() async throws {
        let stand = try await Stand()
        let participant = stand.participant()
        try participant.register(
            Self.bootstrap,
            transitions: [
                Transition("OFFLINE", to: "BOOTSTRAP"): { [journal = stand.journal] in journal.note($0) },
                Transition("BOOTSTRAP", to: "ONLINE"): { _ in throw CancellationError() },
                Transition("ONLINE", to: "OFFLINE"): { _ in },
            ])
        try await stand.running(participant) { session in
            func send(_ id: String, _ from: String, _ to: String) async throws {
                var message = stand.transition(id, "a", from, to, session: session)
                message.stateModel = "Bootstrap"
                try await stand.send(message)
                try await stand.isGone(id)
            }
            try await send("m1", "OFFLINE", "BOOTSTRAP")
            #expect(stand.journal.all == ["a OFFLINE-BOOTSTRAP"])
            try await send("m2", "BOOTSTRAP", "ONLINE")
            #expect(try await stand.state(session, "a") == "ERROR")
            try await send("m3", "ERROR", "OFFLINE")
            #expect(try await stand.state(session, "a") == "OFFLINE", "that needs no code")
            try await send("m4", "OFFLINE", "DROPPED")
            #expect(try await stand.current(session) == nil)
            try await send("m5", "OFFLINE", "ONLINE")
            let info = try #require(try await stand.current(session)?["a"]?.info)
            #expect(info.contains("no handler for the transition OFFLINE to ONLINE"))
        }
    }

    @Test("a custom model works with a handler of one method")
    func custom() async throws {
        struct Handler: TransitionHandler {
            let journal: Journal
            func transition(_ context: TransitionContext) async throws { journal.note(context) }
        }
        let stand = try await Stand()
        let participant = stand.participant()
        participant.register(custom: Self.bootstrap, factory: "second") { [journal = stand.journal] _ in
            Handler(journal: journal)
        }
        try await stand.running(participant) { session in
            var message = stand.transition("m1", "a", "OFFLINE", "BOOTSTRAP", session: session)
            message.stateModel = "Bootstrap"
            message.stateModelFactory = "second"
            try await stand.send(message)
            try await stand.isGone("m1")
            let record = try #require(try await stand.current(session))
            #expect(record.stateModel == "Bootstrap")
            #expect(record.stateModelFactory == "second")
            #expect(record["a"]?.currentState == "BOOTSTRAP")
        }
    }

    // MARK: The protocols of the built-in models

    struct Standby: LeaderStandbyHandler {
        let journal: Journal
        func offlineToStandby(_ context: TransitionContext) async throws { journal.note("offlineToStandby") }
        func standbyToLeader(_ context: TransitionContext) async throws { journal.note("standbyToLeader") }
        func leaderToStandby(_ context: TransitionContext) async throws { journal.note("leaderToStandby") }
        func standbyToOffline(_ context: TransitionContext) async throws { journal.note("standbyToOffline") }
        func reset() async { journal.note("reset") }
    }

    struct Online: OnlineOfflineHandler {
        let journal: Journal
        func offlineToOnline(_ context: TransitionContext) async throws { journal.note("offlineToOnline") }
        func onlineToOffline(_ context: TransitionContext) async throws { journal.note("onlineToOffline") }
        func offlineToDropped(_ context: TransitionContext) async throws { journal.note("offlineToDropped") }
        func errorToOffline(_ context: TransitionContext) async throws { journal.note("errorToOffline") }
    }

    struct Bootstrapping: OnlineOfflineWithBootstrapHandler {
        let journal: Journal
        func offlineToBootstrap(_ context: TransitionContext) async throws { journal.note("offlineToBootstrap") }
        func bootstrapToOnline(_ context: TransitionContext) async throws { journal.note("bootstrapToOnline") }
        func onlineToOffline(_ context: TransitionContext) async throws { journal.note("onlineToOffline") }
    }

    struct Schemata: StorageSchemataHandler {
        let journal: Journal
        func offlineToMaster(_ context: TransitionContext) async throws { journal.note("offlineToMaster") }
        func masterToOffline(_ context: TransitionContext) async throws { journal.note("masterToOffline") }
    }

    /// Makes the model's transitions in order, and says which of them the handler does not know.
    func unknown(of model: StateModel, to handler: any TransitionHandler) async throws -> [UnknownTransition] {
        var unknown: [UnknownTransition] = []
        for transition in model.transitions {
            do {
                try await handler.transition(context(transition.from, transition.to))
            } catch let error as UnknownTransition {
                unknown.append(error)
            }
        }
        return unknown
    }

    @Test("the protocol of a built-in model knows every transition of the model")
    func complete() async throws {
        let journal = Journal()
        let shard = Shard(
            replica: context("", "").replica, journal: journal, script: { _ in })
        #expect(try await unknown(of: .masterSlave, to: shard) == [])
        #expect(try await unknown(of: .leaderStandby, to: Standby(journal: journal)) == [])
        #expect(try await unknown(of: .onlineOffline, to: Online(journal: journal)) == [])
        #expect(try await unknown(of: .onlineOfflineWithBootstrap, to: Bootstrapping(journal: journal)) == [])
        #expect(try await unknown(of: .storageSchemata, to: Schemata(journal: journal)) == [])
        let participant = participant()
        participant.register(.leaderStandby) { _ in Standby(journal: journal) }
        participant.register(.onlineOffline) { _ in Online(journal: journal) }
        participant.register(.onlineOfflineWithBootstrap) { _ in Bootstrapping(journal: journal) }
        participant.register(.storageSchemata) { _ in Schemata(journal: journal) }
    }

    func context(_ from: String, _ to: String) -> TransitionContext {
        TransitionContext(
            replica: Replica(cluster: "c", instance: "n", resource: "r", partition: "p"), from: from, to: to)
    }

    @Test("each transition of a built-in model gets to its method")
    func methods() async throws {
        let journal = Journal()
        let standby = Standby(journal: journal)
        for (from, to) in [
            ("OFFLINE", "STANDBY"), ("STANDBY", "LEADER"), ("LEADER", "STANDBY"), ("STANDBY", "OFFLINE"),
        ] {
            try await standby.transition(context(from, to))
        }
        #expect(journal.all == ["offlineToStandby", "standbyToLeader", "leaderToStandby", "standbyToOffline"])
        let online = Online(journal: journal)
        for (from, to) in [("OFFLINE", "ONLINE"), ("ONLINE", "OFFLINE"), ("OFFLINE", "DROPPED"), ("ERROR", "OFFLINE")] {
            try await online.transition(context(from, to))
        }
        #expect(journal.all.suffix(4) == ["offlineToOnline", "onlineToOffline", "offlineToDropped", "errorToOffline"])
    }

    @Test("what every model has beside its own transitions resets the replica, unless written")
    func implicit() async throws {
        let journal = Journal()
        let standby = Standby(journal: journal)
        try await standby.transition(context("OFFLINE", "DROPPED"))
        #expect(journal.all == [])
        for (from, to) in [("ERROR", "OFFLINE"), ("ERROR", "DROPPED"), ("LEADER", "ERROR")] {
            try await standby.transition(context(from, to))
        }
        #expect(journal.all == ["reset", "reset", "reset"])
    }

    @Test("a transition that the model does not have is an error that names it")
    func unknown() async throws {
        let error = await #expect(throws: UnknownTransition.self) {
            try await Standby(journal: Journal()).transition(context("OFFLINE", "LEADER"))
        }
        #expect(error == UnknownTransition(from: "OFFLINE", to: "LEADER"))
    }

    @Test("the context's logger names the replica and the transition")
    func logger() {
        struct Keys: LogHandler {
            let found: Journal
            var metadata: Logger.Metadata = [:]
            var logLevel: Logger.Level = .trace
            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }
            func log(event: LogEvent) {
                for (key, value) in metadata.sorted(by: { $0.key < $1.key }) { found.note("\(key)=\(value)") }
            }
        }
        let journal = Journal()
        let context = TransitionContext(
            replica: Replica(cluster: "c", instance: "n", resource: "r", partition: "p"), from: "OFFLINE", to: "SLAVE",
            logger: Logger(label: "test") { _ in Keys(found: journal) })
        context.logger.info("hello")
        #expect(
            journal.all == [
                "helix.partition=p", "helix.resource=r", "helix.transition.from=OFFLINE", "helix.transition.to=SLAVE",
            ])
    }
}
