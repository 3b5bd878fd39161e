import HelixRecords

/// Who is about to replace whom, and who has replaced whom: instances with the same logical id (protocol reference 4.3,
/// 6.6 "Swap").
struct Swaps: Sendable {
    /// An instance that is SWAP_IN and live, and the one that it is to replace.
    struct Pair: Sendable, Hashable {
        var old: Int32
        var new: Int32
    }

    /// In order of the names of those to be replaced.
    private(set) var pairs: [Pair] = []
    /// By instances that are UNKNOWN: the serving one with the same logical id, which has their place now.
    private(set) var successors: [Int32: Int32] = [:]
    /// Instances that are SWAP_IN of which it cannot be found out whom they are to replace: they keep what they have.
    private(set) var unclear: [Int32: RecordError] = [:]

    private struct Member {
        var index: Int32
        var operation: InstanceOperation
        var isLive: Bool
    }

    init() {}

    /// - Parameter byName: the indices of the instances in order of name.
    init(_ snapshot: ClusterSnapshot, byName: [Int32]) {
        let members = byName.compactMap { index -> Member? in
            let instance = snapshot.instances[Int(index)]
            return instance.config.value.map {
                Member(index: index, operation: $0.effectiveOperation, isLive: instance.live != nil)
            }
        }
        // Without those nobody replaces anybody.
        guard members.contains(where: { $0.operation == .swapIn || $0.operation == .unknown }) else { return }
        let cluster = snapshot.clusterConfig.value ?? ClusterConfig(id: snapshot.cluster)
        var groups: [String: [Member]] = [:]
        for member in members {
            guard let config = snapshot.instances[Int(member.index)].config.value else { continue }
            do throws(RecordError) {
                groups[try config.logicalID(in: cluster), default: []].append(member)
            } catch {
                if member.operation == .swapIn { unclear[member.index] = error }
            }
        }
        let illegible = byName.lazy.compactMap { snapshot.instances[Int($0)].config.error }.first
        for group in groups.values { note(group, illegible) }
        let rank = Dictionary(uniqueKeysWithValues: byName.enumerated().map { ($1, $0) })
        pairs.sort { rank[$0.old, default: 0] < rank[$1.old, default: 0] }
    }

    /// - Parameter illegible: why somebody's configuration cannot be read, who may be the one that is missed here.
    private mutating func note(_ group: [Member], _ illegible: RecordError?) {
        let serving = group.filter { $0.operation == .enable || $0.operation == .disable }
        let old = serving.first ?? group.first { $0.operation == .evacuate }
        let waiting = group.filter { $0.operation == .swapIn && $0.isLive }
        if let old, let new = waiting.first {
            pairs.append(Pair(old: old.index, new: new.index))
        } else if old == nil, let illegible {
            for member in waiting { unclear[member.index] = illegible }
        }
        guard let heir = serving.first else { return }
        for member in group where member.operation == .unknown { successors[member.index] = heir.index }
    }
}
