import Coordination
import HelixRecords
import Logging
import RebalancePipeline

/// Records in the ideal states where resources are placed, off the way of transitions, so that the next leader goes on from
/// there.
///
/// Only the preference lists of partitions change that are there already, and of an ideal state in buckets only the znodes
/// that hold these; whoever else changes an ideal state at the same time comes first.
struct PlacementRecorder: Sendable {
    private typealias Entry = (resource: String, lists: [String: [String]])

    private let office: Office
    private let context: ControllerContext
    private let entries = Mailbox<Entry>()

    init(office: Office, context: ControllerContext) {
        self.office = office
        self.context = context
    }

    /// Asks for a resource's placement to be recorded: the lists that are not yet.
    func record(_ lists: [String: [String]], of resource: String) {
        if !lists.isEmpty { entries.post(contentsOf: [(resource, lists)]) }
    }

    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func run() async throws {
        while let batch = await entries.next() {
            var left: [String: [String: [String]]] = [:]
            for entry in batch { left[entry.resource, default: [:]].merge(entry.lists) { $1 } }
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
            guard let lists = placements[name], let (head, version) = try idealState(name, result) else { continue }
            if head.record.isBucketized {
                writes += try await bucketWrites(lists, head).map { (name, $0) }
            } else if let operation = try write(lists, over: head, at: context.paths.idealState(name), version) {
                writes.append((name, operation))
            }
        }
        return Set(try await office.update(writes, givingUp: giveUp))
    }

    /// What is to be written of an ideal state in buckets: those in which lists change.
    private func bucketWrites(_ lists: [String: [String]], _ head: IdealState) async throws -> [WriteOperation] {
        var shares: [String: [String: [String]]] = [:]
        do throws(RecordError) {
            for (partition, list) in lists {
                shares[try head.record.bucketName(of: partition), default: [:]][partition] = list
            }
        } catch {
            giveUp(head.id, error)
            return []
        }
        let names = shares.keys.sorted()
        let paths = names.map { "\(context.paths.idealState(head.id))/\($0)" }
        var writes: [WriteOperation] = []
        for ((name, path), result) in zip(zip(names, paths), await office.session.read(paths.map { .get($0) })) {
            guard let (bucket, version) = try idealState(head.id, result, path: path, mode: head.rebalanceMode),
                let operation = try write(shares[name] ?? [:], over: bucket, at: path, version)
            else { continue }
            writes.append(operation)
        }
        return writes
    }

    /// - Returns: `nil` when it is not there, cannot be read, or is not the controller's to place by now.
    private func idealState(
        _ resource: String, _ found: Result<ReadResult, CoordinationError>, path: String? = nil,
        mode: IdealState.RebalanceMode? = nil
    ) throws -> (IdealState, version: Int32)? {
        do {
            guard case .data(let data, let stat) = try found.get() else { return nil }
            let idealState = try IdealState(decoding: data, path: path ?? context.paths.idealState(resource))
            guard (mode ?? idealState.rebalanceMode)?.isPlacedByController == true else { return nil }
            return (idealState, stat.version)
        } catch let error as CoordinationError {
            if error.isTransient || error.endsSession { throw error }
            if error.code != .noNode { giveUp(resource, error) }
        } catch let error as RecordError {
            giveUp(resource, error)
        }
        return nil
    }

    /// - Returns: `nil` when there is nothing to write: it says so already, or it has other partitions by now.
    private func write(
        _ lists: [String: [String]], over record: IdealState, at path: String, _ version: Int32
    ) throws -> WriteOperation? {
        var idealState = record
        for (partition, list) in lists where idealState.record.listFields[partition] != nil {
            idealState.record.listFields[partition] = list
        }
        guard idealState != record else { return nil }
        do throws(RecordError) {
            return .set(path, data: try idealState.encoded(path: path), version: version)
        } catch {
            giveUp(record.id, error)
            return nil
        }
    }

    private func giveUp(_ resource: String, _ error: any Error) {
        context.logger.warning(
            "It could not be recorded where a resource is placed; the next leader starts from where its replicas are",
            metadata: ["helix.resource": "\(resource)", "error": "\(error)"])
    }
}
