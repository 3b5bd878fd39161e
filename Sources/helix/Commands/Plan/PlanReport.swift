import Foundation
import HelixRecords
import RebalancePipeline

/// What `helix plan` shows.
struct PlanReport: Rendering {
    struct Move: Encodable, Sendable {
        let resource: String
        let partition: String
        let from: String?
        let to: String?
    }

    /// Numbers without and with the change; `nil` where there is nothing to count.
    struct Change<Value: Encodable & Sendable>: Encodable, Sendable {
        let before: Value?
        let after: Value?
    }

    struct Evenness: Encodable, Sendable {
        let replicas: Change<EvennessReport>
        let tops: Change<EvennessReport>
    }

    struct Instance: Encodable, Sendable {
        let instance: String
        let replicas: Change<Int>
        let tops: Change<Int>
    }

    private let cluster: String
    private let leader: String?
    private let isPaused: Bool
    private let isInMaintenance: Bool
    private let isComplete: Bool
    private let coming: Int
    private let going: Int
    private let moves: [Move]
    private let handOffs: [Move]
    private let transitions: Int
    private let rounds: Int
    private let transitionsDue: Int
    private let waitsUntil: Int64?
    private let overall: Evenness
    private let resources: [String: Evenness]
    private let instances: [Instance]
    private let problems: [String]
    private let listsMoves: Bool

    private enum CodingKeys: String, CodingKey {
        case cluster, leader, isPaused, isInMaintenance
        case isComplete, coming, going, moves, handOffs, transitions, rounds, transitionsDue
        case waitsUntil, overall, resources, instances, problems
    }

    init(_ plan: PlacementPlan, _ seen: SeenCluster, listsMoves: Bool) {
        cluster = seen.snapshot.cluster
        leader = seen.leader
        (isPaused, isComplete) = (plan.isPaused, plan.isComplete)
        isInMaintenance = plan.isInMaintenance
        (coming, going) = (plan.coming, plan.going)
        moves = plan.moves.map { Move(resource: $0.resource, partition: $0.partition, from: $0.from, to: $0.to) }
        handOffs = plan.handOffs.map { Move(resource: $0.resource, partition: $0.partition, from: $0.from, to: $0.to) }
        (transitions, rounds, transitionsDue) = (plan.transitions, plan.rounds, plan.transitionsDue)
        waitsUntil = plan.waitsUntil
        overall = Evenness(plan.before.overall, plan.after.overall)
        let names = Set(plan.before.resources.keys).union(plan.after.resources.keys)
        resources = Dictionary(
            uniqueKeysWithValues: names.map { ($0, Evenness(plan.before.resources[$0], plan.after.resources[$0])) })
        instances = Self.instances(plan)
        problems = plan.problems.map(\.description)
        self.listsMoves = listsMoves
    }

    /// Those whose numbers change.
    private static func instances(_ plan: PlacementPlan) -> [Instance] {
        func shares(_ spread: ReplicaSpread) -> [String: ReplicaSpread.Share] {
            Dictionary(uniqueKeysWithValues: spread.shares.map { ($0.instance, $0) })
        }
        let (before, after) = (shares(plan.before.overall), shares(plan.after.overall))
        return Set(before.keys).union(after.keys).naturallySorted().compactMap { name in
            let (old, new) = (before[name], after[name])
            if old?.replicas ?? 0 == new?.replicas ?? 0, old?.tops ?? 0 == new?.tops ?? 0 { return nil }
            return Instance(
                instance: name, replicas: Change(before: old?.replicas, after: new?.replicas),
                tops: Change(before: old?.tops, after: new?.tops))
        }
    }

    // MARK: Text

    /// Beyond so many lines a table is left to those who ask for JSON.
    private static let lineLimit = 40

    var text: String {
        var parts = [head.description, evennessTable.description]
        if !instances.isEmpty, instances.count <= Self.lineLimit { parts.append(instanceTable.description) }
        if listsMoves, !moves.isEmpty || !handOffs.isEmpty { parts.append(moveTable.description) }
        parts.append((problems.map { "problem: \($0)" } + notes).joined(separator: "\n"))
        return parts.joined(separator: "\n\n")
    }

    private var head: TextTable {
        let moved = moves.count { $0.from != nil && $0.to != nil }
        var table = TextTable()
        table.add("cluster", cluster)
        table.add("replicas", "\(coming) come, \(going) go: \(moved) from one node to another")
        table.add("hand-offs", "\(handOffs.count) top states")
        table.add("transitions", transitions == 0 ? "0" : "\(transitions), in \(rounds) rounds when none fails")
        return table
    }

    private var evennessTable: TextTable {
        var table = TextTable(
            "RESOURCE", "COME", "GO", "HAND-OFFS", "REPLICAS A NODE", "MAX-MIN", "TOPS A NODE", "MAX-MIN")
        func add(_ name: String, _ evenness: Evenness, where isMeant: (Move) -> Bool) {
            let own = moves.filter(isMeant)
            table.add(
                name, "\(own.count { $0.to != nil })", "\(own.count { $0.from != nil })",
                "\(handOffs.count(where: isMeant))",
                evenness.replicas.told(\.range), evenness.replicas.told { "\($0.maxMin)" }, evenness.tops.told(\.range),
                evenness.tops.told { "\($0.maxMin)" })
        }
        for name in changedResources.prefix(Self.lineLimit) {
            if let evenness = resources[name] { add(name, evenness) { $0.resource == name } }
        }
        add("all \(resources.count)", overall) { _ in true }
        return table
    }

    private var changedResources: [String] {
        let concerned = Set((moves + handOffs).map(\.resource))
        return resources.filter { concerned.contains($0.key) || $0.value.isChanged }.keys.naturallySorted()
    }

    private var instanceTable: TextTable {
        var table = TextTable("NODE", "REPLICAS", "TOPS")
        for instance in instances {
            table.add(instance.instance, instance.replicas.told(String.init), instance.tops.told(String.init))
        }
        return table
    }

    private var moveTable: TextTable {
        var table = TextTable("RESOURCE", "PARTITION", "WHAT", "FROM", "TO")
        for move in moves { table.add(move.resource, move.partition, "replica", move.from, move.to) }
        for move in handOffs { table.add(move.resource, move.partition, "top state", move.from, move.to) }
        return table
    }

    private var notes: [String] {
        var notes: [String] = []
        for (count, things) in [(changedResources.count, "resources"), (instances.count, "nodes")]
        where count > Self.lineLimit {
            notes.append("\(count) \(things) change; --format json tells of each.")
        }
        if problems.isEmpty { notes.append("Nothing is wrong then that is not wrong now.") }
        if !isComplete {
            notes.append("The cluster would not come to rest; what is told is how it is after \(rounds) rounds.")
        }
        if transitionsDue > 0 {
            notes.append("\(transitionsDue) transitions are due without the change, and not counted.")
        }
        if let waitsUntil {
            let date = Date(timeIntervalSince1970: Double(waitsUntil) / 1_000).formatted(.iso8601)
            notes.append("Nodes that are away are waited for until \(date) at least; what moves then is not counted.")
        }
        if isPaused {
            notes.append("The controller is disabled, so nothing moves until then: helix cluster enable \(cluster)")
        }
        if isInMaintenance {
            notes.append(
                "The cluster is in maintenance, so nothing is placed until it ends: helix cluster exit-maintenance "
                    + cluster)
        }
        if leader == nil { notes.append(Phrase.noLeader(of: cluster)) }
        return notes
    }
}

extension PlanReport.Evenness {
    init(_ before: ReplicaSpread?, _ after: ReplicaSpread?) {
        replicas = .init(
            before: (before?.replicas).map(EvennessReport.init), after: (after?.replicas).map(EvennessReport.init))
        tops = .init(
            before: (before?.tops).map(EvennessReport.init), after: (after?.tops).map(EvennessReport.init))
    }

    var isChanged: Bool { replicas.before != replicas.after || tops.before != tops.after }
}

extension PlanReport.Change {
    /// What was, and, where that is something else, what will be.
    func told(_ text: (Value) -> String) -> String {
        let (old, new) = (before.map(text) ?? "-", after.map(text) ?? "-")
        return old == new ? old : "\(old) → \(new)"
    }
}
