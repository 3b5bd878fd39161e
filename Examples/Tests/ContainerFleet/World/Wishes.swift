import Coordination
import HelixRecords
import HelixSimulation
import Synchronization

/// What the store has said is to run, and from when to when: of all that is deployed to hosts by their names.
public final class Wishes: Sendable {
    private struct Key: Hashable {
        var task: String
        var host: String
    }

    private struct Span {
        var from: Duration
        var to: Duration?
    }

    private struct State {
        var spans: [Key: [Span]] = [:]
        /// By resource.
        var open: [String: Set<Key>] = [:]
        var changes = 0
    }

    private let state = Mutex(State())
    private static let folder = ClusterPaths(cluster: "fleet").idealStates + "/"

    /// Takes note of what was written.
    func take(_ transaction: CommittedTransaction) {
        for operation in transaction.operations {
            switch operation {
            case .create(let path, let data, _, _), .set(let path, let data, _):
                note(path, Self.wanted(data, at: path), transaction.time)
            case .delete(let path, _): note(path, [], transaction.time)
            case .check: break
            }
        }
    }

    private static func wanted(_ data: [UInt8], at path: String) -> Set<Key> {
        guard path.hasPrefix(folder), let idealState = try? IdealState(decoding: data, path: path),
            idealState.isEnabled, idealState.rebalanceMode != .fullAuto
        else { return [] }
        return Set(idealState.preferenceLists.flatMap { task, hosts in hosts.map { Key(task: task, host: $0) } })
    }

    private func note(_ path: String, _ wanted: Set<Key>, _ time: Duration) {
        guard path.hasPrefix(Self.folder) else { return }
        state.withLock { state in
            state.changes += 1
            let before = state.open[path] ?? []
            for key in before.subtracting(wanted) {
                guard let last = state.spans[key]?.indices.last else { continue }
                state.spans[key]?[last].to = time
            }
            for key in wanted.subtracting(before) { state.spans[key, default: []].append(Span(from: time)) }
            state.open[path] = wanted
        }
    }

    /// How often something was written.
    public var changes: Int { state.withLock { $0.changes } }

    /// Whether a task has been wanted on a host at a moment, and for some time before it.
    public func isWanted(_ task: String, on host: String, at time: Duration, since before: Duration) -> Bool {
        state.withLock { state in
            (state.spans[Key(task: task, host: host)] ?? []).contains { span in
                span.from <= time - before && span.to.map { $0 > time } ?? true
            }
        }
    }
}
