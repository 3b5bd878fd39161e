import FleetMaster
import FleetModel
import Foundation

/// Follows a deployment to the end of what was asked for.
struct Watching {
    let masters: MasterClient
    let deployment: String
    /// The generation that was asked for.
    let generation: Int

    /// - Returns: the rollout's last status; the exit code says whether it came to what was asked for.
    func follow(within limit: Duration) async throws -> Answer {
        let clock = ContinuousClock()
        let end = clock.now + limit
        var line = ProgressLine()
        defer { line.end() }
        let path = "/v1/deployments/\(MasterClient.escaped(deployment))/rollout"
        while true {
            let (status, json) = try await masters.read(RolloutStatus.self, path)
            let rows = try await masters.read([StatusRow].self, "/v1/status", [("deployment", deployment)]).value
            line.show(Self.line(status, rows))
            // Right after a change the deployment may still be as it was before: with places that wait.
            let isDone = status.phase == .active && status.waiting.isEmpty && status.underWay.isEmpty
            let isOver = isDone || [.failed, .paused].contains(status.phase)
            if isOver, status.generation.number >= generation {
                line.end()
                let isWell = status.phase == .active && status.generation.number == generation
                let text =
                    "\(deployment): \(status.phase.rawValue)\(status.message.isEmpty ? "" : ", \(status.message)")"
                return Answer(json: json, text: text, exit: isWell ? 0 : 1)
            }
            guard clock.now < end else {
                throw FleetError(
                    .timedOut, "\(deployment) is \(status.phase.rawValue) after \(limit): \(status.message)",
                    cure: "look at `fleet rollout status \(deployment)`, or wait longer")
            }
            try await clock.sleep(for: .milliseconds(300))
        }
    }

    /// How far it is, and what is under way.
    static func line(_ status: RolloutStatus, _ rows: [StatusRow]) -> String {
        let total = Set(status.done + status.underWay + status.waiting + status.unreachable + status.failed.keys).count
        var parts = ["\(ProgressLine.bar(status.done.count, of: total)) \(status.done.count)/\(total)"]
        if !status.failed.isEmpty { parts.append("\(status.failed.count) failed") }
        if !status.unreachable.isEmpty { parts.append("\(status.unreachable.count) unreachable") }
        let busy = Set(status.underWay)
        parts += rows.filter { busy.contains($0.place) && $0.job == status.generation.job }.prefix(3).map { row in
            "\(row.host ?? row.place) \(StatusText.state(row))"
        }
        return "\(status.deployment) \(status.phase.rawValue) " + parts.joined(separator: ", ")
    }
}

/// How tasks are shown.
enum StatusText {
    static func state(_ row: StatusRow) -> String {
        var text = row.state
        if let pulled = row.detail.pulled, row.state == "PULLING_IMAGE" { text += " \(pulled)%" }
        if let throttle = row.detail.throttle { text += " (\(throttle))" }
        return text
    }

    static func ports(_ row: StatusRow) -> String {
        (row.detail.ports ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }

    /// `name:version:hash7`, or all of it.
    static func job(_ id: String, isFull: Bool = false) -> String {
        guard !isFull, let colon = id.lastIndex(of: ":") else { return id }
        return String(id[...colon]) + id[id.index(after: colon)...].prefix(7)
    }
}
