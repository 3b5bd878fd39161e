import HelixRecords

/// Instances that have been offline for so long that they are dropped: PARTICIPANT_DEREGISTRATION_TIMEOUT (protocol
/// reference 6.10).
enum Deregistration {
    /// How long to wait until an instance is to be dropped again that is still there, in milliseconds.
    static let pause: Int64 = 60_000

    /// Decides who goes now, and when it is to be looked at again. One whose configuration cannot be read stays, and one
    /// of which nobody knows since when it is away.
    static func decide(_ decision: inout Decision, _ snapshot: ClusterSnapshot) {
        guard let timeout = snapshot.clusterConfig.value?.deregistrationTimeout else { return }
        let limit = snapshot.time - timeout.wholeMilliseconds
        for instance in snapshot.instances where instance.live == nil && instance.config.value != nil {
            guard let since = instance.offlineSince else { continue }
            if since < limit {
                decision.departed.append(DepartedInstance(name: instance.name, goneBefore: limit))
                decision.note(deadline: snapshot.time + pause)
            } else {
                decision.note(deadline: since + timeout.wholeMilliseconds + 1)
            }
        }
        decision.departed.sort { $0.name < $1.name }
    }
}

/// An instance that should be dropped, because it has been offline for too long.
public struct DepartedInstance: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// It must have gone before that, in milliseconds since 1970: otherwise it has been back meanwhile.
    public var goneBefore: Int64

    package init(name: String, goneBefore: Int64) {
        self.name = name
        self.goneBefore = goneBefore
    }
}

extension Duration {
    /// Longer than a century is for ever.
    fileprivate var wholeMilliseconds: Int64 {
        min(max(0, components.seconds), 3_155_760_000) * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
