internal import Coordination
internal import HelixRecords
internal import Synchronization

/// Notices when the connection is lost so often that the instance does more harm than good (protocol reference 5.6).
/// Outlives sessions.
final class FlappingDetector: Sendable {
    private let limit: Int
    private let window: Int64
    private let losses = Mutex<[Int64]>([])

    init(_ configuration: ParticipantConfiguration) {
        limit = configuration.maximumConnectionLosses
        window = configuration.flappingWindow.milliseconds
    }

    /// The connection was lost.
    /// - Parameter now: the time, in milliseconds since 1970.
    func noteLoss(at now: Int64) {
        losses.withLock { losses in
            losses.removeAll { $0 <= now - window }
            losses.append(now)
        }
    }

    /// Whether it was lost more often within the window than is allowed.
    func isFlapping(at now: Int64) -> Bool {
        losses.withLock { losses in losses.count { $0 > now - window } > limit }
    }
}

extension Membership {
    /// Takes the instance out of service until an operator puts it back.
    /// - Throws: `ParticipantError` with `.flapping` when that is done; `CoordinationError` when it cannot be done now.
    func disableFlapping() async throws {
        let path = paths.instanceConfig(instance)
        let reason =
            "it lost the connection more than \(configuration.maximumConnectionLosses) times within "
            + "\(configuration.flappingWindow)"
        while let (data, stat) = try await session.getIfPresent(path) {
            var config = try InstanceConfig(decoding: data, path: path)
            config.setOperation(.disable, source: .automation, reason: reason, at: now())
            let write = WriteOperation.set(path, data: try config.encoded(), version: stat.version)
            switch await session.write([write])[0] {
            case .failure(let error) where error.code == .badVersion: continue
            case .failure(let error): throw error
            case .success: break
            }
            break
        }
        throw ParticipantError(
            code: .flapping, cluster: paths.cluster, instance: instance,
            reason: "\(reason), and has disabled itself; see to its network or its load, then enable the instance")
    }
}
