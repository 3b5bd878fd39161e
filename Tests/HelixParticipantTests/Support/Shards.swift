import HelixParticipant
import Synchronization

/// What handlers were asked for, in order.
final class Journal: Sendable {
    private let lines = Mutex<[String]>([])
    private let tokens = Mutex<[String: [Int64]]>([:])

    func note(_ line: String) { lines.withLock { $0.append(line) } }

    func note(_ context: TransitionContext) {
        note("\(context.partition) \(context.from)-\(context.to)")
        tokens.withLock { $0[context.partition, default: []].append(context.fencingToken) }
    }

    var all: [String] { lines.withLock { $0 } }

    func tokens(of partition: String) -> [Int64] { tokens.withLock { $0[partition] ?? [] } }

    func of(_ partition: String) -> [String] {
        all.filter { $0.hasPrefix("\(partition) ") }.map { String($0.dropFirst(partition.count + 1)) }
    }

    func waitFor(_ line: String) async throws {
        try await eventually("\(line); the journal is \(all)") { all.contains(line) }
    }
}

/// What a test makes of transitions.
typealias Script = @Sendable (TransitionContext) async throws -> Void

/// A master/slave replica that writes a journal and does what the script says.
struct Shard: MasterSlaveHandler {
    let replica: Replica
    let journal: Journal
    let script: Script

    private func act(_ context: TransitionContext) async throws {
        journal.note(context)
        try await script(context)
    }

    func offlineToSlave(_ context: TransitionContext) async throws { try await act(context) }
    func slaveToMaster(_ context: TransitionContext) async throws { try await act(context) }
    func masterToSlave(_ context: TransitionContext) async throws { try await act(context) }
    func slaveToOffline(_ context: TransitionContext) async throws { try await act(context) }
    func offlineToDropped(_ context: TransitionContext) async throws { try await act(context) }
    func suspended() async { journal.note("\(replica.partition) suspended") }
    func resumed() async { journal.note("\(replica.partition) resumed") }
    func reset() async { journal.note("\(replica.partition) reset") }
}

/// A gate that handlers wait at; waiting ends with the task too.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastID = 0
    }
    private let state = Mutex(State())

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// - Throws: `CancellationError` when the task is cancelled meanwhile, unless it is stubborn.
    func pass(isStubborn: Bool = false) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isPassing = state.withLock { state in
                    if state.isOpen || (Task.isCancelled && !isStubborn) { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if isPassing { continuation.resume() }
            }
        } onCancel: {
            if !isStubborn { state.withLock { $0.waiting.removeValue(forKey: id) }?.resume() }
        }
        if !isStubborn { try Task.checkCancellation() }
    }

    var waitingCount: Int { state.withLock { $0.waiting.count } }
}
