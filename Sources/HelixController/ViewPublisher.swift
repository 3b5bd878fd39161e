import Coordination
import HelixRecords
import Logging
import RebalancePipeline
import Synchronization

/// Writes external views, off the way of transitions: the latest of each resource, as often as the interval allows.
struct ViewPublisher: Sendable {
    let session: any CoordinationSession
    let office: Office
    let context: ControllerContext

    private let requests = Mailbox<(names: Set<String>, snapshot: ClusterSnapshot)>()

    init(session: any CoordinationSession, office: Office, context: ControllerContext) {
        self.session = session
        self.office = office
        self.context = context
    }

    /// Asks for the views of these resources to be brought up to the snapshot.
    func publish(_ names: Set<String>, of snapshot: ClusterSnapshot) {
        requests.post((names, snapshot))
    }

    func run() async throws {
        var published = try await existingViews()
        var unsettled: Set<String> = []
        while let batch = await requests.next(), let snapshot = batch.last?.snapshot {
            var names = batch.reduce(into: unsettled) { $0.formUnion($1.names) }
            // Views of resources that went while nobody led.
            names.formUnion(published.keys.filter { snapshot.resources[$0] == nil })
            unsettled = try await write(names.sorted(), of: snapshot, &published)
            try await context.clock.sleep(for: context.configuration.viewInterval)
            if !unsettled.isEmpty {
                try await session.untilConnected()
                requests.post((unsettled, snapshot))
            }
        }
    }

    /// The views as they were found when the term began, so that those that are right are not written again.
    private func existingViews() async throws(CoordinationError) -> [String: ExternalView?] {
        let names = try await session.children(context.paths.externalViews)
        let results = await session.read(names.map { .get(context.paths.externalView($0)) })
        var views: [String: ExternalView?] = [:]
        for (name, result) in zip(names, results) {
            guard case .success(.data(let data, _)) = result else { continue }
            views[name] = .some(decode(data, name))
        }
        return views
    }

    /// A view that cannot be read is there all the same, and is written anew.
    private func decode(_ data: [UInt8], _ name: String) -> ExternalView? {
        do throws(RecordError) {
            return try ExternalView(decoding: data, path: context.paths.externalView(name))
        } catch {
            context.logger.notice("An external view cannot be read; writing it anew", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// - Returns: the resources whose view is in doubt.
    private func write(
        _ names: [String], of snapshot: ClusterSnapshot, _ published: inout [String: ExternalView?]
    ) async throws -> Set<String> {
        var writes: [(name: String, view: ExternalView?, operation: WriteOperation)] = []
        for name in names {
            let path = context.paths.externalView(name)
            let view = snapshot.externalView(of: name, replacing: published[name] ?? nil)
            switch (view, published[name]) {
            case (let view?, let known?) where view != known:
                writes.append((name, view, .set(path, data: try view.record.encoded())))
            case (let view?, nil):
                writes.append((name, view, .create(path, data: try view.record.encoded())))
            case (nil, .some):
                writes.append((name, nil, .delete(path)))
            default:
                continue
            }
        }
        let results = try await session.writeBatched(writes.map(\.operation), fence: office.fence)
        var unsettled: Set<String> = []
        for (write, result) in zip(writes, results) {
            switch result {
            case .success:
                published[write.name] = write.view.map { .some($0) }
                if write.view == nil { published[write.name] = nil }
            case .failure(let error) where error.code == .nodeExists:
                published[write.name] = .some(nil)
                unsettled.insert(write.name)
            case .failure(let error) where error.code == .noNode:
                published[write.name] = nil
                if write.view != nil { unsettled.insert(write.name) }
            case .failure(let error) where error.isTransient:
                unsettled.insert(write.name)
            case .failure(let error):
                context.logger.warning(
                    "An external view could not be written",
                    metadata: ["helix.resource": "\(write.name)", "error": "\(error)"])
            }
        }
        context.metrics.wroteViews(results.count)
        return unsettled
    }
}
