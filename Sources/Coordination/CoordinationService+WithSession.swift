extension CoordinationService {
    /// Runs `body` inside a session of its own and ends the session when the body does.
    ///
    /// A session is a scope: when it expires, the body is cancelled, and once the body has returned this call throws
    /// `.sessionExpired`. Whoever wants to go on opens a new session, and starts from what it then reads.
    ///
    /// - Throws: what the body throws; `CoordinationError` with `.sessionExpired` when the session expired;
    ///   what ``openSession(_:)`` throws.
    @discardableResult
    public func withSession<Value: Sendable>(
        _ configuration: SessionConfiguration = SessionConfiguration(),
        _ body: @escaping @Sendable (any CoordinationSession) async throws -> Value
    ) async throws -> Value {
        let session = try await openSession(configuration)
        do {
            let value = try await session.scoped(body)
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }
}

extension CoordinationSession {
    /// Runs `body` until it is done or the session expires.
    fileprivate func scoped<Value: Sendable>(
        _ body: @escaping @Sendable (any CoordinationSession) async throws -> Value
    ) async throws -> Value {
        let states = states()
        return try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body(self) }
            group.addTask {
                for await state in states where state == .expired {
                    throw CoordinationError(.sessionExpired, operation: "session \(self.id)")
                }
                return nil  // cancelled or closed: the body tells how it ends
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let value = outcome { return value }
            }
            throw CoordinationError(.closed, operation: "session \(self.id)")
        }
    }
}
