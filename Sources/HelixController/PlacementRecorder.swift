import Coordination
import HelixRecords
import Logging
import RebalancePipeline

/// Records in the ideal states where resources are placed, off the way of transitions, so that the next leader goes on from
/// there.
///
/// Only the preference lists of partitions change that are there already; whoever else changes an ideal state at the same
/// time comes first.
struct PlacementRecorder: Sendable {
    private typealias Entry = (resource: String, lists: [String: [String]])

    private let office: Office
    private let context: ControllerContext
    private let entries = Mailbox<Entry>()

    init(office: Office, context: ControllerContext) {
        self.office = office
        self.context = context
    }

    /// Asks for a resource's placement to be recorded.
    func record(_ lists: [String: [String]], of resource: String) { entries.post(contentsOf: [(resource, lists)]) }

    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func run() async throws {
        while let batch = await entries.next() {
            var left = Dictionary(batch.map { ($0.resource, $0.lists) }) { _, last in last }
            while !left.isEmpty {
                let names = try await office.session.persistently(context) { try await write(left) }
                left = left.filter { names.contains($0.key) }
            }
        }
    }

    /// - Returns: the resources whose ideal state somebody else has just written too.
    private func write(_ placements: [String: [String: [String]]]) async throws -> Set<String> {
        let names = placements.keys.sorted()
        var writes: [(subject: String, operation: WriteOperation)] = []
        let paths = names.map(context.paths.idealState)
        for (name, result) in zip(names, await office.session.read(paths.map { .get($0) })) {
            guard let lists = placements[name], let operation = try write(lists, of: name, over: result) else {
                continue
            }
            writes.append((name, operation))
        }
        return Set(try await office.update(writes, givingUp: giveUp))
    }

    /// - Returns: `nil` when there is nothing to write: it says so already, or it is another resource by now.
    private func write(
        _ lists: [String: [String]], of resource: String, over found: Result<ReadResult, CoordinationError>
    ) throws -> WriteOperation? {
        let path = context.paths.idealState(resource)
        do {
            guard case .data(let data, let stat) = try found.get() else { return nil }
            var idealState = try IdealState(decoding: data, path: path)
            guard idealState.rebalanceMode?.isPlacedByController == true, idealState.bucketSize == 0,
                idealState.preferenceLists.keys == lists.keys, idealState.preferenceLists != lists
            else { return nil }
            idealState.preferenceLists = lists
            return .set(path, data: try idealState.encoded(path: path), version: stat.version)
        } catch let error as CoordinationError {
            if error.isTransient || error.endsSession { throw error }
            if error.code != .noNode { giveUp(resource, error) }
        } catch let error as RecordError {
            giveUp(resource, error)
        }
        return nil
    }

    private func giveUp(_ resource: String, _ error: any Error) {
        context.logger.warning(
            "It could not be recorded where a resource is placed; the next leader starts from where its replicas are",
            metadata: ["helix.resource": "\(resource)", "error": "\(error)"])
    }
}
