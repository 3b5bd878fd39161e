extension Job {
    /// The job as it is stored: JSON that ``init(stored:)`` reads.
    public var stored: String { document(isIdentity: false).canonicalJSON }

    /// The job as a tree, for output. Of its token only the hash is there.
    public var document: Document { document(isIdentity: false) }

    /// What its identity is computed from: everything but who made it when, and its token, whose hash is never the same
    /// twice. What is as it is unless said otherwise is left out: fields that come later do not change the identity of
    /// jobs that do not have them. For the same reason the usual values must never change.
    var identityText: String { document(isIdentity: true).canonicalJSON }

    private func document(isIdentity: Bool) -> Document {
        var fields = FieldWriter()
        fields["name"] = .text(name)
        fields["version"] = .text(version)
        fields["image"] = .text(image)
        fields["command"] = .texts(command)
        fields["env"] = .texts(environment)
        fields["ports"] = .map(ports.mapValues(\.document))
        fields["volumes"] = .map(volumes.mapValues(\.document))
        fields["tmpfs"] = .texts(memoryDirectories.mapValues(\.description))
        fields["resources"] = .fields([
            "cpus": resources.cpus.map { .number($0.description) },
            "memory": resources.memory.map { .text($0.description) },
        ])
        fields["health"] = .fields([
            "gate": gate.map { $0.document(usual: HealthCheck.gate) },
            "liveness": liveness.map { $0.document(usual: HealthCheck.liveness) },
        ])
        fields["restart"] = restart == Self.usual(isRunOnce) ? nil : restart.document
        fields["runOnce"] = isRunOnce ? .flag(true) : nil
        let usual = Job(name: "", version: "", image: "")
        fields["gracePeriod"] = .text(gracePeriod.description, unless: gracePeriod == usual.gracePeriod)
        fields["stopTimeout"] = .text(stopTimeout.description, unless: stopTimeout == usual.stopTimeout)
        fields["labels"] = .texts(labels)
        fields["hosts"] = .texts(hosts.map(\.description))
        fields["capabilities"] = .fields(["add": .texts(addedCapabilities), "drop": .texts(droppedCapabilities)])
        fields["securityOptions"] = .texts(securityOptions)
        fields["network"] = .text(network.description, unless: network == usual.network)
        fields["hostname"] = hostname.map { .text($0) }
        fields["expires"] = expires.map { .text($0.description) }
        fields["secrets"] = .list(secrets.map(\.document))
        fields["registryAuth"] = registryAuth.map { .text($0.description) }
        fields["metadata"] = .texts(metadata)
        fields["rollout"] = rollout.document
        if !isIdentity {
            fields["tokenHash"] = token.map { .map(["salt": .text($0.salt), "hash": .text($0.hash)]) }
            fields["created"] = created.map { .text($0.description) }
            fields["creator"] = creator.map { .text($0) }
        }
        return .map(fields.fields)
    }
}

/// Leaves out what is empty.
private struct FieldWriter {
    var fields: [String: Document] = [:]

    subscript(name: String) -> Document? {
        get { fields[name] }
        set { fields[name] = newValue == .list([]) || newValue == .map([:]) ? nil : newValue }
    }
}

extension Document {
    fileprivate static func texts(_ values: [String]) -> Document { .list(values.map { .text($0) }) }
    fileprivate static func texts(_ values: [String: String]) -> Document { .map(values.mapValues { .text($0) }) }

    fileprivate static func text(_ value: String, unless isUsual: Bool) -> Document? { isUsual ? nil : .text(value) }

    fileprivate static func fields(_ values: [String: Document?]) -> Document {
        var writer = FieldWriter()
        for (name, value) in values { writer[name] = value }
        return .map(writer.fields)
    }
}

extension Port {
    fileprivate var document: Document {
        .fields([
            "container": .number("\(container)"), "host": host.map { .number("\($0)") },
            "protocol": .text(transport.rawValue, unless: transport == .tcp),
        ])
    }
}

extension Volume {
    fileprivate var document: Document {
        var fields: [String: Document] = isReadOnly ? ["readOnly": .flag(true)] : [:]
        switch source {
        case .host(let path): fields["host"] = .text(path)
        case .named(let name): fields["name"] = .text(name)
        case .anonymous: break
        }
        return .map(fields)
    }
}

extension RestartPolicy {
    fileprivate var document: Document {
        switch self {
        case .always: .text("always")
        case .never: .text("never")
        case .onFailure(let attempts): .map(["onFailure": .number("\(attempts)")])
        }
    }
}

extension HealthCheck {
    fileprivate func document(usual: (Probe) -> HealthCheck) -> Document {
        let usual = usual(probe)
        var fields: [String: Document?] = [
            "interval": .text(interval.description, unless: interval == usual.interval),
            "timeout": .text(timeout.description, unless: timeout == usual.timeout),
            "deadline": deadline == usual.deadline ? nil : .text((deadline ?? .seconds(0)).description),
            "retries": retries == usual.retries ? nil : .number("\(retries ?? 0)"),
        ]
        switch probe {
        case .http(let port, let path): fields["http"] = .map(["port": .text(port), "path": .text(path)])
        case .tcp(let port): fields["tcp"] = .map(["port": .text(port)])
        case .command(let command): fields["command"] = .texts(command)
        }
        return .fields(fields)
    }
}

extension SecretFile {
    fileprivate var document: Document {
        let digits = String(mode, radix: 8)
        return .map([
            "name": .text(name), "target": .text(target), "source": .text(source.description),
            "mode": .text(String(repeating: "0", count: max(0, 4 - digits.count)) + digits),
        ])
    }
}

extension Rollout {
    fileprivate var document: Document {
        let usual = Rollout()
        return .fields([
            "parallelism": parallelism == usual.parallelism ? nil : .number("\(parallelism)"),
            "overlap": overlap ? .flag(true) : nil,
            "minHealthyTime": .text(minHealthyTime.description, unless: minHealthyTime == usual.minHealthyTime),
            "deadline": .text(deadline.description, unless: deadline == usual.deadline),
            "canary": canary == usual.canary ? nil : .number("\(canary)"),
            "failureRatio": failureRatio == usual.failureRatio ? nil : .number("\(failureRatio)"),
            "onFailure": .text(onFailure.rawValue, unless: onFailure == usual.onFailure),
        ])
    }
}
