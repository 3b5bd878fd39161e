import Coordination
import FleetAgent
import FleetModel
import Logging

/// Stops the tasks that were told to stop while the agent was away.
///
/// In a new session every task is OFFLINE for the cluster, though its container may run. Most are ordered to run again, and
/// taken over. Those that are to be OFFLINE are ordered nothing: the cluster takes them to be there.
struct MissedStops: Sendable {
    let host: HostSupervisor
    let records: HostRecords
    let book: TaskBook
    let hostName: String
    let logger: Logger

    /// Looks until the cluster has said something of every task, or the session is over.
    func look(in session: any CoordinationSession) async {
        let watcher = session.makeWatcher()
        while !Task.isCancelled {
            let open = await host.currentReports().filter { report in
                [.running, .pulled].contains(report.goal) && !book.isOrdered(report.task)
            }.compactMap { report in
                TaskName.resource(of: report.task, on: hostName).map { (task: report.task, resource: $0) }
            }
            if open.isEmpty { return }
            do {
                // A server that lags may still have goals that were changed since.
                try await session.sync(records.fleet.root)
                for task in try await records.stopped(among: open, session, watcher: watcher)
                where !book.isOrdered(task) {
                    logger.info("Stopping what was told to stop meanwhile", metadata: ["task": "\(task)"])
                    try await host.stop(task)
                }
            } catch let error as CoordinationError where error.isTransient {
                guard await session.isBack() else { return }
                continue
            } catch {
                logger.info("Goals cannot be read now", metadata: ["error": "\(error)"])
            }
            guard await watcher.next() != nil else { return }
        }
    }
}
