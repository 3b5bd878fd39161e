import FleetMaster
import HTTPTypes
import Hummingbird

/// One thing that can be asked of a master: a line of the table that the routes and the tests are made of.
struct Endpoint: Sendable {
    let method: HTTPRequest.Method
    /// With parameters in braces.
    let path: String
    /// What callers must be allowed; `nil` for what everybody may ask.
    let role: Role?
    let handle: @Sendable (APICall) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String, _ role: Role?,
        _ handle: @escaping @Sendable (APICall) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.role = role
        self.handle = handle
    }

    /// All endpoints.
    static let all = about + jobs + deployments + rollouts + plans + hosts + news + access
}
