internal import Coordination
internal import HelixRecords
internal import Logging

/// Writes in one session what the application says of partitions of its own accord (protocol reference 4.17).
struct CustomizedReporter: Sendable {
    let member: Membership
    let reports: CustomizedReports

    /// Works until the session is over or the task is cancelled.
    func run() async throws {
        repeat {
            for (place, statements) in reports.due {
                do {
                    while try await !write(statements, at: place) {}
                    reports.settle(statements, at: place)
                } catch let error as CoordinationError where !error.isTransient && !error.endsSession {
                    tell(error, place)
                } catch let error as RecordError {
                    tell(error, place)
                }
            }
        } while await reports.wait()
    }

    /// - Returns: `false` when somebody else has just written it too.
    private func write(_ statements: CustomizedReports.Statements, at place: CustomizedReports.Place) async throws
        -> Bool
    {
        let path = member.paths.customizedState(member.instance, type: place.type, resource: place.resource)
        let found = try await member.session.getIfPresent(path)
        var record = CustomizedState(id: place.resource)
        if let data = found?.data, !data.isEmpty { record = try CustomizedState(decoding: data, path: path) }
        let before = record
        for (partition, statement) in statements { record.take(statement, of: partition) }
        guard let operation = try operation(path, found?.stat.version, from: before, to: record) else { return true }
        do throws(CoordinationError) {
            try await member.session.write(operation)
            return true
        } catch {
            switch error.code {
            case .badVersion, .nodeExists: return false
            case .noNode where found == nil:
                try await createFolders(for: place)
                return false
            case .noNode: return false
            default: throw error
            }
        }
    }

    private func operation(
        _ path: String, _ version: Int32?, from before: CustomizedState, to record: CustomizedState
    ) throws -> WriteOperation? {
        if record.record.mapFields.isEmpty { return version.map { .delete(path, version: $0) } }
        if record == before { return nil }
        let data = try record.encoded(path: path)
        return version.map { .set(path, data: data, version: $0) } ?? .create(path, data: data)
    }

    /// The folder of the type. An instance that was dropped is not created again.
    private func createFolders(for place: CustomizedReports.Place) async throws {
        let folder = member.paths.customizedStates(member.instance)
        for path in [folder, "\(folder)/\(place.type)"] {
            guard case .failure(let error) = await member.session.write([.create(path)])[0] else { continue }
            if error.code != .nodeExists { throw error }
        }
    }

    private func tell(_ error: any Error, _ place: CustomizedReports.Place) {
        member.logger.warning(
            "a customised state cannot be written; it is tried again with the next one, or in the next session",
            error: error, metadata: [LogKey.resource: "\(place.resource)", "type": "\(place.type)"])
    }
}

extension CustomizedState {
    fileprivate mutating func take(_ statement: CustomizedReports.Statement?, of partition: String) {
        guard let statement else { return remove(partition) }
        set(
            statement.state, for: partition, startTime: statement.startTime, endTime: statement.endTime,
            fields: statement.fields)
    }
}
