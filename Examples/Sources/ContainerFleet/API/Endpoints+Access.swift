import FleetMaster
import Hummingbird

extension Endpoint {
    static let access = [
        Endpoint(.get, "/v1/callers", .admin) { call in
            try Answer.json(
                try await call.fleet.store.callers().map { CallerBody(name: $0.name, role: $0.role, token: nil) })
        },
        Endpoint(.put, "/v1/callers/{name}", .admin) { call in
            let (name, role) = (try call.part("name"), try await call.body(RoleBody.self).role)
            // Letters and digits, as from /dev/urandom: 190 bits.
            let letters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
            var random = SystemRandomNumberGenerator()
            let secret = String((0..<32).map { _ in letters.randomElement(using: &random) ?? "x" })
            let token = try await call.fleet.store.addCaller(name, role: role, secret: secret)
            return try Answer.json(CallerBody(name: name, role: role, token: token), .created)
        },
        Endpoint(.delete, "/v1/callers/{name}", .admin) { call in
            try await call.fleet.store.removeCaller(call.part("name"))
            return Answer.done
        },
        Endpoint(.get, "/v1/audit", .admin) { call in
            try Answer.json(try await call.fleet.store.audit(limit: Int(try call.number("limit") ?? 100)))
        },
        Endpoint(.get, "/v1/secrets", .operator) { call in
            try Answer.json(try await call.fleet.store.secretNames())
        },
        Endpoint(.put, "/v1/secrets/{name}", .admin) { call in
            let bytes = try await call.bytes()
            try await call.fleet.store.putSecret(call.part("name"), Array(bytes.readableBytesView))
            return Answer.done
        },
        Endpoint(.delete, "/v1/secrets/{name}", .admin) { call in
            try await call.fleet.store.removeSecret(call.part("name"))
            return Answer.done
        },
    ]
}
