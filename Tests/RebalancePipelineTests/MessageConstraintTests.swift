import HelixRecords
import StateModels
import Testing

@testable import RebalancePipeline

@Suite("Message constraints")
struct MessageConstraintTests {
    private typealias Attribute = ClusterConstraints.Attribute

    private static let message: [ClusterConstraints.Attribute: String] = [
        .messageType: "STATE_TRANSITION", .transition: "OFFLINE-SLAVE", .resource: "db", .instance: "node_1",
        .partition: "db_7", .state: "SLAVE",
    ]

    private func constraints(_ items: [ClusterConstraints.Item]) -> ClusterConstraints {
        var constraints = ClusterConstraints(record: ZNRecord(id: ClusterConstraints.messageConstraintID))
        for item in items { constraints.set(item) }
        return constraints
    }

    @Test(
        "Count what matches in all their attributes",
        arguments: [
            ([.instance: ".*"], "INSTANCE=node_1"), ([.instance: "node_1"], "INSTANCE=node_1"),
            ([.instance: "node"], nil),
            ([.instance: "node_[12]", .resource: "d."], "INSTANCE=node_1 RESOURCE=db"),
            ([.instance: "node_1", .resource: "eb"], nil), ([.transition: "OFFLINE-SLAVE"], "TRANSITION=OFFLINE-SLAVE"),
            ([.transition: "OFFLINE-(SLAVE|STANDBY)"], "TRANSITION=OFFLINE-SLAVE"), ([.state: "MASTER"], nil),
            ([.partition: #"db_\d"#], "PARTITION=db_7"), ([.messageType: "STATE_.*"], "MESSAGE_TYPE=STATE_TRANSITION"),
        ] as [([ClusterConstraints.Attribute: String], String?)])
    func matching(attributes: [ClusterConstraints.Attribute: String], key: String?) {
        let constraints = MessageConstraints(constraints([.init(id: "c", attributes: attributes, limit: 3)]))
        let counts = constraints.counts(of: Self.message)
        #expect(counts == (key.map { [.init(id: "c", key: $0, limit: 3)] } ?? []))
    }

    @Test("Of several that count the same the most specific decides, then the strictest, then the first by name")
    func selection() {
        func chosen(_ items: [(String, String, Int?)]) -> [String] {
            let items = items.map { ClusterConstraints.Item(id: $0, attributes: [.instance: $1], limit: $2) }
            return MessageConstraints(constraints(items)).counts(of: Self.message).map(\.id)
        }
        #expect(chosen([("all", ".*", 1), ("one", "node_1", 9)]) == ["one"])
        #expect(chosen([("a", "node_.", 5), ("b", ".*_1", 4)]) == ["b"])
        #expect(chosen([("a", "node_.", 5), ("b", ".*_1", 5)]) == ["a"])
        #expect(chosen([("any", "node_1", nil), ("all", ".*", 1)]) == ["all"])
    }

    @Test("One whose value is no regular expression is ignored and told, the others hold")
    func malformed() {
        let constraints = MessageConstraints(
            constraints([
                .init(id: "bad", attributes: [.instance: "node_("], limit: 1),
                .init(id: "good", attributes: [.instance: ".*"], limit: 2),
            ]))
        #expect(constraints.counts(of: Self.message).map(\.id) == ["good"])
        #expect(constraints.problems.count == 1)
        #expect(constraints.problems[0].contains("bad"))
    }

    @Test(
        "Hold in every mode, are never exceeded, and keep nothing waiting",
        arguments: [IdealState.RebalanceMode.fullAuto, .semiAuto])
    func limits(mode: IdealState.RebalanceMode) {
        var world = World()
        world.addInstances(["a", "b", "c"])
        world.addResource("db", mode: mode, partitions: 5, replicas: 3) { idealState in
            for partition in idealState.partitions where mode == .semiAuto {
                idealState.preferenceLists[partition] = ["a", "b", "c"]
            }
        }
        let limits = constraints([
            .init(id: "perInstance", attributes: [.instance: ".*"], limit: 2),
            .init(id: "promotions", attributes: [.transition: "SLAVE-MASTER"], limit: 1),
        ])
        world.snapshot.setConstraints(.present(limits))
        var generator = SeededGenerator(seed: 3)
        var steps = 0
        while steps < 1_000 {
            world.pass()
            let waiting = world.pending.compactMap { world.message($0.instance, $0.id) }
            #expect(world.pending.allSatisfy { entry in world.pending.count { $0.instance == entry.instance } <= 2 })
            #expect(waiting.count { $0.toState == "MASTER" } <= 1)
            for partition in 0..<5 {
                for case .messageConstraint(let id, let limit) in ["a", "b", "c"].flatMap({
                    world.reasons("db", "db_\(partition)", $0)
                }) {
                    #expect(limit == (id == "promotions" ? 1 : 2))
                }
            }
            guard let next = world.pending.randomElement(using: &generator) else { break }
            world.complete(next.instance, next.id)
            steps += 1
        }
        #expect(world.counts("db").values.allSatisfy { $0 == ["MASTER": 1, "SLAVE": 2] })
    }

    @Test("When they cannot be read nothing begins, and that is told")
    func unreadable() {
        var world = World()
        world.addInstances(["a"])
        world.addList("db", ["a"])
        world.snapshot.setConstraints(.unreadable(.corrupt))
        #expect(world.pass().isEmpty)
        #expect(world.decision.problems.contains { $0.text.contains("no transition begins") })
        #expect(world.reason("db", "db_0", "a") == .unreadable(path: RecordError.corrupt.path))
        world.snapshot.setConstraints(.absent)
        #expect(world.pass().count == 1)
    }
}
