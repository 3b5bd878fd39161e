import Coordination
import HelixRecords
import Logging
import RebalancePipeline

/// Follows what live instances say of their own accord, of the types that the cluster's configuration names, and has it
/// published by type and resource (protocol reference 4.17). It has nothing to do with transitions, and does not hold them
/// up.
struct CustomizedViewAggregator: Sendable {
    /// What is known. A record that cannot be read stays as it was.
    private struct Known {
        /// By type and resource, then by instance.
        var states: [String: [String: CustomizedState]] = [:]
        /// What was published last, by type and resource.
        var published: [String: ExternalView] = [:]
        var hasPublished = false
    }

    let office: Office
    let context: ControllerContext
    let views: ReadyViewPublisher

    private var session: any CoordinationSession { office.session }
    private var paths: ClusterPaths { context.paths }

    /// - Throws: `Deposed`; `CoordinationError` when the session is over.
    func run() async throws {
        let watcher = session.makeWatcher()
        var known = Known()
        repeat {
            let former = known.states
            known.states = try await session.persistently(context) { try await read(watcher, keeping: former) }
            publish(&known)
            // A cluster in which nothing is aggregated is left alone.
            try await context.clock.sleep(for: context.configuration.viewInterval)
        } while await watcher.next() != nil
    }

    private func publish(_ known: inout Known) {
        var wanted: [String: ExternalView] = [:]
        for (name, states) in known.states {
            let resource = name.split(separator: "/").last.map(String.init) ?? name
            wanted[name] = CustomizedViews.view(of: resource, states)
        }
        var news: [String: ExternalView?] = [:]
        for (name, view) in wanted where known.published[name] != view { news[name] = .some(view) }
        for name in known.published.keys where wanted[name] == nil { news[name] = .some(nil) }
        known.published = wanted
        guard !news.isEmpty || !known.hasPublished else { return }
        known.hasPublished = true
        views.publish(news)
    }

    /// Reads everything, and arms the watches for the next time.
    private func read(
        _ watcher: Watcher, keeping former: [String: [String: CustomizedState]]
    ) async throws -> [String: [String: CustomizedState]] {
        let types = try await aggregatedTypes(watcher)
        if types.isEmpty { return [:] }
        let live = try await children([paths.liveInstances], watcher)[0]
        let queries = live.flatMap { instance in types.map { (instance: instance, type: $0) } }
        let lists = try await children(
            queries.map { "\(paths.customizedStates($0.instance))/\($0.type)" }, watcher)
        var records: [(instance: String, name: String)] = []
        for (query, names) in zip(queries, lists) {
            records += names.map { (query.instance, "\(query.type)/\($0)") }
        }
        let reads = records.map {
            ReadOperation.get("\(paths.customizedStates($0.instance))/\($0.name)", watcher: watcher)
        }
        var states: [String: [String: CustomizedState]] = [:]
        for (record, result) in zip(records, await session.read(reads)) {
            switch result {
            case .success(.data(let data, _)):
                let path = "\(paths.customizedStates(record.instance))/\(record.name)"
                do throws(RecordError) {
                    states[record.name, default: [:]][record.instance] = try CustomizedState(decoding: data, path: path)
                } catch {
                    if error.isEmpty { continue }
                    context.logger.warning("A record cannot be read", metadata: ["error": "\(error)"])
                    states[record.name, default: [:]][record.instance] = former[record.name]?[record.instance]
                }
            case .failure(let error) where error.isTransient || error.endsSession: throw error
            case .success, .failure: continue
            }
        }
        return states
    }

    private func aggregatedTypes(_ watcher: Watcher) async throws -> [String] {
        let path = paths.customizedStateConfig
        guard let (data, _) = try await session.getIfPresent(path, watcher: watcher) else {
            // Nothing is watched by reading what is not there.
            if try await session.exists(path, watcher: watcher) != nil { watcher.nudge() }
            return []
        }
        do throws(RecordError) {
            let types = try CustomizedStateConfig(decoding: data, path: path).aggregatedTypes
            return Set(types.filter { !$0.isEmpty && !$0.contains("/") }).sorted()
        } catch {
            if !error.isEmpty { context.logger.warning("A record cannot be read", metadata: ["error": "\(error)"]) }
            return []
        }
    }

    /// The children of znodes, none of those that are not there; those are watched for their creation.
    private func children(_ parents: [String], _ watcher: Watcher) async throws -> [[String]] {
        var lists = [[String]](repeating: [], count: parents.count)
        var missing: [Int] = []
        let results = await session.read(parents.map { .children($0, watcher: watcher) })
        for (index, result) in results.enumerated() {
            switch result {
            case .success(.children(let names, _)): lists[index] = names.sorted()
            case .failure(let error) where error.isTransient || error.endsSession: throw error
            case .failure(let error) where error.code == .noNode: missing.append(index)
            case .success, .failure: continue
            }
        }
        guard !missing.isEmpty else { return lists }
        for result in await session.read(missing.map { .exists(parents[$0], watcher: watcher) }) {
            if case .failure(let error) = result, error.isTransient || error.endsSession { throw error }
            // Created in between: the watch that was armed would not tell.
            if case .success(.stat(.some)) = result { watcher.nudge() }
        }
        return lists
    }
}
