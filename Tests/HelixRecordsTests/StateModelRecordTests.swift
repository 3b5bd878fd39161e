import HelixRecords
import HelixSimulation
import StateModels
import TestSupport
import Testing

@Suite("State models on the wire")
struct StateModelRecordTests {
    /// The `.next` maps of a record, written `FROM>TO:HOP`.
    private func steps(_ record: ZNRecord) -> Set<String> {
        var steps: Set<String> = []
        for (key, map) in record.mapFields where key.hasSuffix(".next") {
            for (target, hop) in map { steps.insert("\(key.dropLast(5))>\(target):\(hop)") }
        }
        return steps
    }

    private func counts(_ record: ZNRecord) -> [String] {
        (record.listFields["STATE_PRIORITY_LIST"] ?? []).map { state in
            "\(state) \(record.mapFields["\(state).meta"]?["count"] ?? "missing")"
        }
    }

    @Test("MasterSlave, to the last field")
    func masterSlave() {
        #expect(
            StateModel.masterSlave.record
                == ZNRecord(
                    id: "MasterSlave", simpleFields: ["INITIAL_STATE": "OFFLINE"],
                    listFields: [
                        "STATE_PRIORITY_LIST": ["MASTER", "SLAVE", "OFFLINE", "DROPPED", "ERROR"],
                        "STATE_TRANSITION_PRIORITYLIST": [
                            "MASTER-SLAVE", "SLAVE-MASTER", "OFFLINE-SLAVE", "SLAVE-OFFLINE", "OFFLINE-DROPPED",
                        ],
                    ],
                    mapFields: [
                        "MASTER.meta": ["count": "1"], "SLAVE.meta": ["count": "R"], "OFFLINE.meta": ["count": "-1"],
                        "DROPPED.meta": ["count": "-1"], "ERROR.meta": ["count": "-1"],
                        "MASTER.next": ["SLAVE": "SLAVE", "OFFLINE": "SLAVE", "DROPPED": "SLAVE"],
                        "SLAVE.next": ["MASTER": "MASTER", "OFFLINE": "OFFLINE", "DROPPED": "OFFLINE"],
                        "OFFLINE.next": ["SLAVE": "SLAVE", "MASTER": "SLAVE", "DROPPED": "DROPPED"],
                        "ERROR.next": ["OFFLINE": "OFFLINE", "DROPPED": "DROPPED"],
                    ]))
    }

    @Test(
        "States with their counts",
        arguments: zip(
            StateModel.builtIn,
            [
                ["MASTER 1", "SLAVE R", "OFFLINE -1", "DROPPED -1", "ERROR -1"],
                ["LEADER 1", "STANDBY R", "OFFLINE -1", "DROPPED -1"],
                ["MASTER N", "OFFLINE -1", "DROPPED -1", "ERROR -1"], ["ONLINE R", "OFFLINE -1", "DROPPED -1"],
                ["ONLINE R", "BOOTSTRAP -1", "OFFLINE -1", "ERROR -1", "DROPPED -1"],
                ["COMPLETED 1", "OFFLINE -1", "DROPPED -1"],
                [
                    "INIT -1", "RUNNING -1", "STOPPED -1", "COMPLETED -1", "TIMED_OUT -1", "TASK_ERROR -1",
                    "TASK_ABORTED -1",
                    "DROPPED -1",
                ],
            ]))
    func states(model: StateModel, expected: [String]) {
        #expect(counts(model.record) == expected)
        let metas = model.record.mapFields.keys.filter { $0.hasSuffix(".meta") }
        #expect(metas.count == expected.count)
    }

    @Test(
        "Transitions in their order",
        arguments: zip(
            StateModel.builtIn,
            [
                ["MASTER-SLAVE", "SLAVE-MASTER", "OFFLINE-SLAVE", "SLAVE-OFFLINE", "OFFLINE-DROPPED"],
                ["LEADER-STANDBY", "STANDBY-LEADER", "OFFLINE-STANDBY", "STANDBY-OFFLINE", "OFFLINE-DROPPED"],
                ["MASTER-OFFLINE", "OFFLINE-MASTER"], ["OFFLINE-ONLINE", "ONLINE-OFFLINE", "OFFLINE-DROPPED"],
                ["ONLINE-OFFLINE", "OFFLINE-BOOTSTRAP", "BOOTSTRAP-ONLINE", "OFFLINE-DROPPED"],
                ["OFFLINE-COMPLETED", "OFFLINE-DROPPED", "COMPLETED-DROPPED"],
                [
                    "INIT-RUNNING", "RUNNING-STOPPED", "RUNNING-COMPLETED", "RUNNING-TIMED_OUT", "RUNNING-TASK_ERROR",
                    "RUNNING-TASK_ABORTED", "STOPPED-RUNNING", "INIT-DROPPED", "RUNNING-DROPPED", "COMPLETED-DROPPED",
                    "STOPPED-DROPPED", "TIMED_OUT-DROPPED", "TASK_ERROR-DROPPED", "TASK_ABORTED-DROPPED",
                    "RUNNING-INIT",
                    "COMPLETED-INIT", "STOPPED-INIT", "TIMED_OUT-INIT", "TASK_ERROR-INIT", "TASK_ABORTED-INIT",
                ],
            ]))
    func transitions(model: StateModel, expected: [String]) {
        #expect(model.record.listFields["STATE_TRANSITION_PRIORITYLIST"] == expected)
    }

    @Test(
        "First steps of the smaller models",
        arguments: [
            (
                StateModel.leaderStandby,
                [
                    "LEADER>STANDBY:STANDBY", "LEADER>OFFLINE:STANDBY", "LEADER>DROPPED:STANDBY",
                    "STANDBY>LEADER:LEADER",
                    "STANDBY>OFFLINE:OFFLINE", "STANDBY>DROPPED:OFFLINE", "OFFLINE>STANDBY:STANDBY",
                    "OFFLINE>LEADER:STANDBY", "OFFLINE>DROPPED:DROPPED",
                ]
            ),
            (
                .storageSchemata,
                [
                    "MASTER>OFFLINE:OFFLINE", "MASTER>DROPPED:OFFLINE", "OFFLINE>MASTER:MASTER",
                    "OFFLINE>DROPPED:DROPPED",
                    "ERROR>OFFLINE:OFFLINE", "ERROR>DROPPED:DROPPED",
                ]
            ),
            (
                .onlineOffline,
                [
                    "ONLINE>OFFLINE:OFFLINE", "ONLINE>DROPPED:OFFLINE", "OFFLINE>ONLINE:ONLINE",
                    "OFFLINE>DROPPED:DROPPED",
                ]
            ),
            (
                .onlineOfflineWithBootstrap,
                [
                    "ONLINE>ONLINE:ONLINE", "ONLINE>OFFLINE:OFFLINE", "ONLINE>BOOTSTRAP:OFFLINE",
                    "ONLINE>DROPPED:OFFLINE",
                    "BOOTSTRAP>BOOTSTRAP:BOOTSTRAP", "BOOTSTRAP>ONLINE:ONLINE", "BOOTSTRAP>OFFLINE:ONLINE",
                    "BOOTSTRAP>DROPPED:ONLINE", "OFFLINE>OFFLINE:OFFLINE", "OFFLINE>BOOTSTRAP:BOOTSTRAP",
                    "OFFLINE>ONLINE:BOOTSTRAP", "OFFLINE>DROPPED:DROPPED", "ERROR>ERROR:ERROR", "ERROR>OFFLINE:OFFLINE",
                    "ERROR>DROPPED:DROPPED", "DROPPED>DROPPED:DROPPED",
                ]
            ),
            (
                .schedulerTaskQueue,
                [
                    "COMPLETED>COMPLETED:COMPLETED", "COMPLETED>DROPPED:DROPPED", "OFFLINE>OFFLINE:OFFLINE",
                    "OFFLINE>COMPLETED:COMPLETED", "OFFLINE>DROPPED:DROPPED", "DROPPED>DROPPED:DROPPED",
                ]
            ),
        ] as [(StateModel, [String])])
    func firstSteps(model: StateModel, expected: [String]) {
        #expect(steps(model.record) == Set(expected))
    }

    @Test("First steps of the task model")
    func taskSteps() {
        let after = ["COMPLETED", "TIMED_OUT", "TASK_ERROR", "TASK_ABORTED"]
        let all = ["INIT", "RUNNING", "STOPPED"] + after + ["DROPPED"]
        var expected = Set(all.map { "\($0)>\($0):\($0)" })
        for state in all where state != "DROPPED" { expected.insert("\(state)>DROPPED:DROPPED") }
        for state in ["RUNNING", "STOPPED"] + after { expected.insert("\(state)>INIT:INIT") }
        for target in ["RUNNING", "STOPPED"] + after {
            expected.insert("INIT>\(target):RUNNING")
            if target != "RUNNING" { expected.insert("RUNNING>\(target):\(target)") }
            if target != "STOPPED" { expected.insert("STOPPED>\(target):RUNNING") }
            for state in after where state != target { expected.insert("\(state)>\(target):INIT") }
        }
        #expect(steps(StateModel.task.record) == expected)
    }

    @Test("A built-in model read from its record is itself, and so is its record", arguments: StateModel.builtIn)
    func roundTrip(model: StateModel) throws {
        let decoded = try StateModel(record: try ZNRecord(decoding: try model.record.encoded(), path: "p"))
        #expect(decoded == model)
        #expect(decoded.record == model.record)
        #expect(decoded.faults.isEmpty, "\(decoded.faults)")
    }

    @Test("A model of the user's own survives the wire")
    func ownModel() throws {
        let model = try StateModel("Tiers", initial: "COLD") {
            State("HOT", atMost: 2)
            State("WARM", atMost: .replicas)
            State("COLD")
            Transition("HOT", to: "COLD")
            Transition("COLD", to: "WARM")
            Transition("WARM", to: "HOT")
            Transition("HOT", to: "WARM")
            Transition("WARM", to: "COLD")
            Transition("ERROR", to: "WARM")
        }
        let record = model.record
        #expect(record.listFields["STATE_PRIORITY_LIST"] == ["HOT", "WARM", "COLD", "DROPPED", "ERROR"])
        #expect(record.mapFields["ERROR.next"]?["HOT"] == "WARM")
        #expect(record.mapFields["HOT.meta"] == ["count": "2"])
        let decoded = try StateModel(record: record)
        #expect(decoded == model)
        #expect(decoded.record == record)
    }

    private func record(
        states: [String], transitions: [String], initial: String? = "OFFLINE", _ maps: [String: [String: String]] = [:]
    ) -> ZNRecord {
        var record = ZNRecord(
            id: "M", listFields: ["STATE_PRIORITY_LIST": states, "STATE_TRANSITION_PRIORITYLIST": transitions],
            mapFields: maps)
        record.simpleFields["INITIAL_STATE"] = initial
        return record
    }

    @Test("Without maps the shortest ways are taken and nothing is bounded")
    func bare() throws {
        let model = try StateModel(
            record: record(states: ["ONLINE", "OFFLINE"], transitions: ["OFFLINE-ONLINE", "ONLINE-OFFLINE"]))
        #expect(model.states.map(\.bound) == [.unbounded, .unbounded, .unbounded, .unbounded])
        #expect(model.nextHop(from: 0, to: model.droppedIndex) == 1)
        #expect(model.faults.isEmpty)
    }

    @Test("Steps in a record are followed, and are transitions even where they are not listed")
    func customSteps() throws {
        let model = try StateModel(
            record: record(
                states: ["A", "B", "OFFLINE"], transitions: ["OFFLINE-A", "A-OFFLINE"],
                [
                    "OFFLINE.next": ["A": "B", "B": "B"], "B.next": ["A": "A", "OFFLINE": "OFFLINE"],
                    "A.next": ["OFFLINE": "OFFLINE"],
                ]))
        #expect(
            model.transitions.map(\.description).prefix(5) == [
                "OFFLINE-A", "A-OFFLINE", "B-A", "B-OFFLINE", "OFFLINE-B",
            ])
        #expect(model.nextHop(from: 2, to: 0) == 1, "the long way of the record, not the short one")
        #expect(model.record.listFields["STATE_TRANSITION_PRIORITYLIST"] == ["OFFLINE-A", "A-OFFLINE"])
        #expect(model.faults.isEmpty, "\(model.faults)")
    }

    @Test("Steps that go round are not followed, and told")
    func circularSteps() throws {
        let model = try StateModel(
            record: record(
                states: ["A", "B", "OFFLINE"], transitions: ["OFFLINE-B", "B-A", "A-OFFLINE", "B-OFFLINE"],
                ["OFFLINE.next": ["A": "B"], "B.next": ["A": "OFFLINE"]]))
        #expect(model.nextHop(from: 2, to: 0) == 1 && model.nextHop(from: 1, to: 0) == 0)
        #expect(model.faults.map(\.place) == ["the ways to A"])
    }

    @Test(
        "What is wrong but workable is accepted and told",
        arguments: [
            (["ONLINE", "OFFLINE"], ["OFFLINE-ONLINE", "ONLINE-OFFLINE", "OFFLINE-LIMBO"], .unknownState),
            (["ONLINE", "OFFLINE"], ["OFFLINE-ONLINE", "ONLINE-OFFLINE", "OFFLINE"], .unreadable),
            (["ONLINE", "OFFLINE"], ["OFFLINE-ONLINE", "ONLINE-OFFLINE", "OFFLINE-ONLINE"], .duplicateTransition),
            (["ONLINE", "OFFLINE"], ["OFFLINE-ONLINE"], .cannotBeDropped),
            (["ONLINE", "OFFLINE"], ["ONLINE-OFFLINE"], .unreachable),
            (["HALF-OPEN", "OFFLINE"], ["OFFLINE-HALF-OPEN", "HALF-OPEN-OFFLINE"], .unusableName),
            (["BAD", "OFFLINE"], ["OFFLINE-BAD", "BAD-OFFLINE"], .unreadable),
            (["TWO", "ONE", "OFFLINE"], ["OFFLINE-ONE", "ONE-TWO", "TWO-ONE", "ONE-OFFLINE"], .cannotExchange),
            (["NIL", "OFFLINE"], ["OFFLINE-NIL", "NIL-OFFLINE"], .boundNotPositive),
        ] as [([String], [String], StateModelFault.Rule)])
    func workable(states: [String], transitions: [String], rule: StateModelFault.Rule) throws {
        let maps = [
            "BAD.meta": ["count": "some"], "ONE.meta": ["count": "1"], "TWO.meta": ["count": "2"],
            "NIL.meta": ["count": "0"],
        ]
        let model = try StateModel(record: record(states: states, transitions: transitions, maps))
        #expect(model.faults.contains { $0.rule == rule }, "\(model.faults)")
        #expect(model.states.count == states.count + 2)
    }

    @Test("Names with a '-' are split where two states result")
    func dashes() throws {
        let model = try StateModel(
            record: record(states: ["HALF-OPEN", "OFFLINE"], transitions: ["OFFLINE-HALF-OPEN", "HALF-OPEN-OFFLINE"]))
        #expect(
            model.transitions.prefix(2) == [
                Transition("OFFLINE", to: "HALF-OPEN"), Transition("HALF-OPEN", to: "OFFLINE"),
            ])
    }

    @Test(
        "What cannot be worked with is refused",
        arguments: [
            ([], [], "OFFLINE", .noStates), (["A", "A", "OFFLINE"], [], "OFFLINE", .duplicateState),
            (["A", "OFFLINE"], [], nil, .unknownInitialState), (["A"], [], "OFFLINE", .unknownInitialState),
            (["", "OFFLINE"], [], "OFFLINE", .unusableName), ((0..<300).map { "S\($0)" }, [], "S0", .tooManyStates),
        ] as [([String], [String], String?, StateModelFault.Rule)])
    func unworkable(states: [String], transitions: [String], initial: String?, rule: StateModelFault.Rule) throws {
        let record = record(states: states, transitions: transitions, initial: initial)
        let error = try #require(throws: StateModelError.self) { try StateModel(record: record) }
        #expect(error.faults.contains { $0.rule == rule && $0.isStructural }, "\(error)")
        #expect(error.model == "M")
    }

    @Test("No record crashes the reader", arguments: [9] as [UInt64])
    func fuzz(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let names = ["A", "B", "C", "OFFLINE", "DROPPED", "ERROR", "", "A-B", "*"]
        var accepted = 0
        for _ in 0..<3000 {
            func some(_ count: Int) -> [String] {
                (0..<Int.random(in: 0...count, using: &generator)).compactMap { _ in
                    names.randomElement(using: &generator)
                }
            }
            var maps: [String: [String: String]] = [:]
            for state in some(6) {
                maps["\(state).next"] = Dictionary(zip(some(4), some(4))) { $1 }
                maps["\(state).meta"] = [
                    "count": ["1", "0", "-1", "R", "N", "x", "-9"].randomElement(using: &generator) ?? ""
                ]
            }
            let transitions = zip(some(6), some(6)).map { "\($0)-\($1)" }
            let states = Array(Set(some(6))).sorted() + some(1)
            guard let model = try? StateModel(record: record(states: states, transitions: transitions, maps)) else {
                continue
            }
            accepted += 1
            for from in model.states.indices {
                for to in model.states.indices {
                    var state = from
                    for _ in model.states { state = model.nextHop(from: state, to: to) ?? state }
                    #expect(state == to || model.nextHop(from: from, to: to) == nil, "seed \(seed): \(model)")
                }
            }
            #expect(
                (try? StateModel(record: model.record))?.states.count == model.states.count, "seed \(seed): \(model)")
        }
        #expect(accepted > 100, "seed \(seed)")
    }
}
