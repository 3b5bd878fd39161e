/// Runs things beside a body, and ends them with it. What one of them throws ends the body.
public func beside(
    _ others: [@Sendable () async throws -> Void], _ body: @escaping @Sendable () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
        defer { group.cancelAll() }
        for other in others {
            group.addTask {
                do { try await other() } catch  where Task.isCancelled {}
                return false
            }
        }
        group.addTask {
            try await body()
            return true
        }
        while try await group.next() == false {}
    }
}
