import Coordination
import HelixRecords
import Logging
import RebalancePipeline

/// Writes external views, off the way of transitions: the latest of each resource, as often as the interval allows.
struct ViewPublisher: Sendable {
    private let office: Office
    private let context: ControllerContext
    private let requests = Mailbox<(work: ViewWork, snapshot: ClusterSnapshot)>()

    private var session: any CoordinationSession { office.session }
    private var reader: ViewReader {
        ViewReader(session: session, context: context, folder: context.paths.externalViews)
    }

    init(office: Office, context: ControllerContext) {
        self.office = office
        self.context = context
    }

    /// Asks for views to be brought up to the snapshot.
    func publish(_ work: ViewWork, of snapshot: ClusterSnapshot) { requests.post((work, snapshot)) }

    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func run() async throws {
        // Those that are right are not written again, and those of resources that went while nobody led go, too.
        var desk = ViewDesk(views: PublishedViews(folder: context.paths.externalViews))
        for name in try await reader.existing() { desk.views.doubt(name) }
        let requests = requests
        while true {
            let pause = desk.pause(at: context.environment.now())
            let batch = await next(within: pause, on: context.clock, nudge: { requests.nudge() }) {
                await requests.next()
            }
            guard let batch else { return }
            for request in batch { desk.take(request.work, request.snapshot) }
            try await work(&desk)
            try await context.clock.sleep(for: context.configuration.viewInterval)
        }
    }

    private func work(_ desk: inout ViewDesk) async throws {
        guard let (resources, snapshot) = desk.due(at: context.environment.now()) else { return }
        try await session.persistently(context) { try await reader.lookUp(resources.map(\.name), &desk.views) }
        var changes: [PublishedViews.Change] = []
        for (resource, scope) in resources {
            do throws(RecordError) {
                changes += try snapshot.changes(scope, of: resource, in: desk.views)
                desk.settle(resource)
            } catch {
                postpone(resource, &desk, error)
            }
        }
        var isLost = false
        for (change, result) in zip(changes, try await office.write(changes.map(\.operation))) {
            switch result {
            case .success:
                desk.views.done(change)
                desk.written(change.resource)
            case .failure(let error):
                // It was written or it was not: that has to be looked up.
                desk.views.doubt(change.resource)
                desk.retry(change.resource, snapshot)
                if error.isTransient {
                    isLost = true
                } else {
                    postpone(change.resource, &desk, error)
                }
            }
        }
        context.metrics.wroteViews(changes.count)
        if isLost { try await session.untilConnected(context) }
    }

    private func postpone(_ resource: String, _ desk: inout ViewDesk, _ error: any Error) {
        let isLasting = desk.postpone(resource, at: context.environment.now())
        guard isLasting else { return }
        context.logger.warning(
            "An external view could not be written; it will be tried again",
            metadata: ["helix.resource": "\(resource)", "error": "\(error)"])
    }
}

extension ClusterSnapshot {
    /// What has to be written so that the external view of a resource is as it should be. Of one in buckets only those are
    /// looked at that hold what has changed.
    fileprivate func changes(
        _ scope: ViewWork.Scope, of name: String, in views: PublishedViews
    ) throws(RecordError) -> [PublishedViews.Change] {
        if case .partitions(let partitions) = scope, let resource = resources[name], resource.unreadable.isEmpty,
            let idealState = resource.idealState.value, !idealState.isExternalViewDisabled
        {
            var maps: [String: [String: String]] = [:]
            for partition in partitions { maps[resource.partitions[partition]] = states(in: partition, of: resource) }
            if let changes = try views.changes(to: maps, of: name, bucketSize: idealState.bucketSize) { return changes }
        }
        return try views.changes(to: externalView(of: name, replacing: views), of: name)
    }

    /// The external view of a resource. Of an instance whose current state cannot be read the replicas stay in the view
    /// as they were: unreadable is not absent.
    fileprivate func externalView(of resource: String, replacing views: PublishedViews) -> ExternalView? {
        let former = views.view(of: resource)
        var view = externalView(of: resource, replacing: former)
        for index in resources[resource]?.unreadable.keys.sorted() ?? [] {
            let instance = instances[Int(index)].name
            for (partition, states) in former?.record.mapFields ?? [:] {
                guard let state = states[instance], view?[partition]?[instance] == nil else { continue }
                view?.record.mapFields[partition, default: [:]][instance] = state
            }
        }
        return view
    }
}
