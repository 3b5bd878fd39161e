/// The session that asks for something, and who it has proved to be.
package struct Requester: Sendable {
    /// Who somebody is, in one authentication scheme.
    struct Identity: Sendable, Hashable {
        var scheme: String
        var id: String
    }

    package let session: SessionID
    let identities: [Identity]

    /// - Throws: `.authenticationFailed` for a credential of an unknown scheme or a wrong form.
    package init(session: SessionID, credentials: [Credential] = []) throws(CoordinationError) {
        self.session = session
        var identities: [Identity] = []
        for credential in credentials { identities.append(try Self.identity(of: credential)) }
        self.identities = identities
    }

    /// Somebody who has proved the same in another session.
    package init(session: SessionID, as other: Requester) {
        self.session = session
        identities = other.identities
    }

    /// The `digest` scheme: user, colon, and base64(SHA-1("user:password")).
    private static func identity(of credential: Credential) throws(CoordinationError) -> Identity {
        guard credential.scheme == "digest", let colon = credential.secret.firstIndex(of: ":") else {
            throw CoordinationError(
                .authenticationFailed, operation: "open session",
                reason: "found a credential of scheme \(credential.scheme) that cannot be used; "
                    + "expected scheme digest with a secret of the form user:password")
        }
        let user = credential.secret[..<colon]
        return Identity(scheme: "digest", id: "\(user):\(base64(SHA1.digest(Array(credential.secret.utf8))))")
    }

    /// Whether `acl` gives this requester the permission.
    func may(_ permission: AccessControl.Permissions, _ acl: [AccessControl]) -> Bool {
        acl.contains { entry in
            guard entry.permissions.contains(permission) else { return false }
            return entry.scheme == "world" || identities.contains(Identity(scheme: entry.scheme, id: entry.id))
        }
    }

    /// The list as it is stored: `auth` stands for whoever the creator has proved to be.
    /// - Returns: `nil` when the list is not valid.
    func resolve(_ acl: [AccessControl]) -> [AccessControl]? {
        var resolved: [AccessControl] = []
        for entry in acl {
            switch entry.scheme {
            case "world":
                guard entry.id == "anyone" else { return nil }
                resolved.append(entry)
            case "auth":
                guard !identities.isEmpty else { return nil }
                resolved += identities.map {
                    AccessControl(permissions: entry.permissions, scheme: $0.scheme, id: $0.id)
                }
            case "digest":
                guard entry.id.split(separator: ":", omittingEmptySubsequences: false).count == 2 else { return nil }
                resolved.append(entry)
            default: return nil
            }
        }
        return resolved.isEmpty ? nil : resolved
    }
}
