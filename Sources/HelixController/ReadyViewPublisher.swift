import Coordination
import HelixRecords
import Logging

/// Writes views that others have made, off the way of transitions: the latest of each, and of that what has changed.
struct ReadyViewPublisher: Sendable {
    /// How long a view waits that could not be written.
    private static let patience = Duration.seconds(1)

    private let office: Office
    private let context: ControllerContext
    private let folder: String
    private let requests = Mailbox<[String: ExternalView?]>()

    private var session: any CoordinationSession { office.session }
    private var reader: ViewReader { ViewReader(session: session, context: context, folder: folder) }

    /// - Parameter folder: the znode below which the views are.
    init(office: Office, context: ControllerContext, folder: String) {
        self.office = office
        self.context = context
        self.folder = folder
    }

    /// Asks for views to be written, or with `nil` to be removed.
    ///
    /// The first time it must be all that there are to be: others that are there go.
    /// - Parameter views: by name; a name may be a path of two names.
    func publish(_ views: [String: ExternalView?]) { requests.post(views) }

    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func run() async throws {
        var views = PublishedViews(folder: folder)
        var wanted: [String: ExternalView?] = [:]
        var folders: Set<String> = []
        var isFirst = true
        let requests = requests
        while true {
            let batch = await next(
                within: wanted.isEmpty ? nil : Self.patience, on: context.clock, nudge: { requests.nudge() }
            ) { await requests.next() }
            guard let batch else { return }
            for request in batch { wanted.merge(request) { $1 } }
            if isFirst, !batch.isEmpty {
                isFirst = false
                for name in try await existing(besides: wanted) { wanted[name] = .some(nil) }
            }
            for name in wanted.keys where !views.resources.contains(name) { views.doubt(name) }
            try await work(&wanted, &views, &folders)
            try await context.clock.sleep(for: context.configuration.viewInterval)
        }
    }

    /// The views that are there and not wanted, of folders in which views are wanted too.
    private func existing(besides wanted: [String: ExternalView?]) async throws -> [String] {
        var names: [String] = []
        for name in try await reader.existing() {
            let isFolder = try await session.persistently(context) {
                try await session.getIfPresent("\(folder)/\(name)")?.data.isEmpty == true
            }
            names += isFolder ? try await reader.existing(in: "\(folder)/\(name)").map { "\(name)/\($0)" } : [name]
        }
        return names.filter { wanted[$0] == nil }
    }

    private func work(
        _ wanted: inout [String: ExternalView?], _ views: inout PublishedViews, _ folders: inout Set<String>
    ) async throws {
        let asked = wanted
        let names = asked.keys.sorted()
        if names.isEmpty { return }
        try await session.persistently(context) { try await reader.lookUp(names, &views) }
        var changes: [PublishedViews.Change] = []
        for name in names {
            do throws(RecordError) {
                changes += try views.changes(to: asked[name] ?? nil, of: name)
                wanted[name] = nil
            } catch {
                tell(name, error)
            }
        }
        try await createFolders(of: changes, &folders)
        var isLost = false
        for (change, result) in zip(changes, try await office.write(changes.map(\.operation))) {
            switch result {
            case .success: views.done(change)
            case .failure(let error):
                // It was written or it was not: that has to be looked up.
                views.doubt(change.resource)
                wanted[change.resource] = .some(asked[change.resource] ?? nil)
                if error.isTransient { isLost = true } else { tell(change.resource, error) }
            }
        }
        context.metrics.wroteViews(changes.count)
        if isLost { try await session.untilConnected(context) }
    }

    /// Clusters that others have set up lack the znodes below which such views are.
    private func createFolders(of changes: [PublishedViews.Change], _ known: inout Set<String>) async throws {
        var missing: [String] = []
        for change in changes where change.record != nil && change.part.isEmpty {
            var path = folder
            for name in [""] + change.resource.split(separator: "/").dropLast().map(String.init) {
                if !name.isEmpty { path += "/\(name)" }
                if known.insert(path).inserted { missing.append(path) }
            }
        }
        guard !missing.isEmpty else { return }
        for case .failure(let error) in try await office.write(missing.map { .create($0) })
        where error.code != .nodeExists {
            tell(folder, error)
            known = []
        }
    }

    private func tell(_ name: String, _ error: any Error) {
        context.logger.warning(
            "A view could not be written; it will be tried again",
            metadata: ["view": "\(folder)/\(name)", "error": "\(error)"])
    }
}
