extension Job {
    /// Everything that is wrong with a job whose fields could be read, in the order of their paths.
    /// - Parameter now: what must not have expired; nothing is said about that without.
    public func problems(now: Moment? = nil) -> [FieldProblem] {
        let all =
            identityProblems + portProblems + pathProblems + resourceProblems + healthProblems + runningProblems(now)
            + textProblems + secretProblems
        return all.sorted { ($0.path, $0.description) < ($1.path, $1.description) }
    }

    private var identityProblems: [FieldProblem] {
        let expected = "1 to 100 letters, digits, “-”, “_” and “.”"
        func isName(_ text: String) -> Bool { (1...100).contains(text.count) && text.allSatisfy(\.isNamePart) }
        return [
            .unless(isName(name), "name", found: name.quoted, expected: expected),
            .unless(isName(version), "version", found: version.quoted, expected: expected),
            .unless(
                ImageReference.isValid(image), "image", found: image.quoted,
                expected: "an image such as “web:1.2”, “registry.example:5000/team/web:1.2” or “web@sha256:<digest>”"),
        ].compactMap(\.self)
    }

    private var portProblems: [FieldProblem] {
        var problems: [FieldProblem] = []
        var (containers, hosts): ([String: String], [String: String]) = ([:], [:])
        for (name, port) in ports.sorted(by: { $0.key < $1.key }) {
            let path = "ports.\(name)"
            func check(_ isFine: Bool, _ found: String, _ expected: String) {
                if !isFine { problems.append(FieldProblem(path, found: found, expected: expected)) }
            }
            check(
                !name.isEmpty && name.count <= 63 && name.allSatisfy(\.isNamePart), "the name \(name.quoted)",
                "1 to 63 letters, digits, “-”, “_” and “.”")
            check((1...65_535).contains(port.container), "port \(port.container)", "a port from 1 to 65535")
            check((1...65_535).contains(port.host ?? 1), "host port \(port.host ?? 0)", "a port from 1 to 65535")
            if let other = containers.updateValue(name, forKey: "\(port.container)/\(port.transport)") {
                check(false, "port \(port.container)/\(port.transport) again", "another than that of “\(other)”")
            }
            if let host = port.host, let other = hosts.updateValue(name, forKey: "\(host)/\(port.transport)") {
                check(false, "host port \(host)/\(port.transport) again", "another than that of “\(other)”")
            }
            switch network {
            case .bridge: break
            case .host:
                check(
                    port.host == nil || port.host == port.container, "host port \(port.host ?? 0)",
                    "\(port.container), since the network is the host's")
            case .container:
                check(false, "a port", "none, since the network is that of another container")
            }
        }
        return problems
    }

    /// No two things may be at one place of the container.
    private var pathProblems: [FieldProblem] {
        var problems: [FieldProblem] = []
        var taken: [String: String] = [:]
        func place(_ path: String, _ field: String) {
            if !path.isAbsolutePath {
                problems.append(
                    FieldProblem(field, found: path.quoted, expected: "an absolute path below “/”, without “..”"))
            } else if let other = taken.updateValue(field, forKey: path) {
                problems.append(
                    FieldProblem(field, found: "\(path.quoted) again", expected: "another than in \(other)"))
            }
        }
        for (target, volume) in volumes.sorted(by: { $0.key < $1.key }) {
            place(target, "volumes.\(target)")
            switch volume.source {
            case .host(let path) where !path.isAbsolutePath:
                problems.append(
                    FieldProblem("volumes.\(target)", found: path.quoted, expected: "an absolute path of the host"))
            case .named(let name) where !name.allSatisfy(\.isNamePart) || name.count < 2:
                problems.append(
                    FieldProblem(
                        "volumes.\(target)", found: name.quoted,
                        expected: "an absolute path of the host, or a volume's name of 2 or more letters, digits, “-”, "
                            + "“_” and “.”"))
            default: break
            }
        }
        for (target, size) in memoryDirectories.sorted(by: { $0.key < $1.key }) {
            place(target, "tmpfs.\(target)")
            if size < ByteCount(bytes: 4_096) {
                problems.append(FieldProblem("tmpfs.\(target)", found: "\(size)", expected: "4KiB or more"))
            }
        }
        for (index, secret) in secrets.enumerated() { place(secret.target, "secrets[\(index)].target") }
        return problems
    }

    private var resourceProblems: [FieldProblem] {
        [
            resources.cpus.flatMap { cpus in
                .unless(
                    (10...1_024_000).contains(cpus.thousandths), "resources.cpus", found: "\(cpus)",
                    expected: "a number from 0.01 to 1024")
            },
            resources.memory.flatMap { memory in
                .unless(
                    memory >= ByteCount(bytes: 6 << 20), "resources.memory", found: "\(memory)",
                    expected: "6MiB or more, which is the least that the Engine accepts")
            },
        ].compactMap(\.self)
    }

    private var healthProblems: [FieldProblem] {
        let checks = [("health.gate", gate), ("health.liveness", liveness)]
        return checks.flatMap { path, check in check?.problems(at: path, ports: ports, network: network) ?? [] }
    }

    private func runningProblems(_ now: Moment?) -> [FieldProblem] {
        var hostnameProblem: FieldProblem?
        if let hostname {
            let isLabel =
                (1...63).contains(hostname.count) && hostname.first != "-" && hostname.last != "-"
                && hostname.allSatisfy { $0.isASCIIDigit || ("a"..."z").contains($0) || $0 == "-" }
            hostnameProblem = .unless(
                isLabel, "hostname", found: hostname.quoted,
                expected: "1 to 63 lower-case letters, digits and “-”, not at the ends")
        }
        return [
            hostnameProblem,
            .unless(
                !(isRunOnce && restart == .always), "restart", found: "“always” for a job that runs once",
                expected: "“never” or “onFailure: attempts”, or no “runOnce”"),
            .unless(
                stopTimeout <= .minutes(60), "stopTimeout", found: "\(stopTimeout)", expected: "at most 1h"),
            .unless(
                gracePeriod <= .minutes(60), "gracePeriod", found: "\(gracePeriod)", expected: "at most 1h"),
            expires.flatMap { expires in
                now.flatMap { now in
                    .unless(expires > now, "expires", found: "\(expires)", expected: "a moment after \(now)")
                }
            },
            .unless(
                rollout.deadline > rollout.minHealthyTime, "rollout.deadline", found: "\(rollout.deadline)",
                expected: "more than minHealthyTime, which is \(rollout.minHealthyTime)"),
        ].compactMap(\.self)
    }

    private var textProblems: [FieldProblem] {
        func isVariable(_ name: String) -> Bool {
            !name.isEmpty && !name.contains { $0 == "=" || $0.isWhitespace || $0 == "\0" }
        }
        func isCapability(_ name: String) -> Bool {
            !name.isEmpty && !name.hasPrefix("CAP_")
                && name.allSatisfy { ("A"..."Z").contains($0) || $0 == "_" || $0.isASCIIDigit }
        }
        var problems = environment.keys.filter { !isVariable($0) }.map {
            FieldProblem("env.\($0)", found: "the name \($0.quoted)", expected: "a name without “=” and spaces")
        }
        problems += labels.keys.filter { $0.isEmpty || $0.hasPrefix(Self.ownLabels) }.map {
            FieldProblem(
                "labels.\($0)", found: "the name \($0.quoted)",
                expected: "a name that does not begin with “\(Self.ownLabels)”, as those of the agents do")
        }
        for (field, names) in [("add", addedCapabilities), ("drop", droppedCapabilities)] {
            problems += names.enumerated().filter { !isCapability($1) }.map {
                FieldProblem(
                    "capabilities.\(field)[\($0)]", found: $1.quoted,
                    expected: "a capability in capitals without “CAP_”, such as “NET_ADMIN”")
            }
        }
        problems += addedCapabilities.filter(droppedCapabilities.contains).map {
            FieldProblem("capabilities.add", found: "\($0.quoted), which is dropped too", expected: "one of the two")
        }
        problems += securityOptions.enumerated().filter { $1.isEmpty }.map {
            FieldProblem(
                "securityOptions[\($0.offset)]", found: "nothing", expected: "an option such as “no-new-privileges”")
        }
        return problems
    }

    /// What the labels begin with by which agents know their containers.
    public static let ownLabels = "fleet."

    private var secretProblems: [FieldProblem] {
        secrets.enumerated().compactMap { index, secret in
            .unless(
                !secret.name.isEmpty && secret.name.allSatisfy(\.isNamePart), "secrets[\(index)].name",
                found: secret.name.quoted, expected: "letters, digits, “-”, “_” and “.”")
        }
    }
}

extension HealthCheck {
    fileprivate func problems(at path: String, ports: [String: Port], network: NetworkMode) -> [FieldProblem] {
        var problems: [FieldProblem] = []
        let names = ports.keys.sorted().joined(separator: ", ")
        func check(port: String, at path: String) {
            guard let port = ports[port] else {
                let expected = names.isEmpty ? "the name of a port, of which the job has none" : "one of \(names)"
                problems.append(FieldProblem("\(path).port", found: port.quoted, expected: expected))
                return
            }
            if port.transport == .udp {
                problems.append(FieldProblem("\(path).port", found: "a port of udp", expected: "one of tcp"))
            }
        }
        switch probe {
        case .http(let port, let page):
            check(port: port, at: "\(path).http")
            if !page.hasPrefix("/") || page.contains(where: \.isWhitespace) {
                problems.append(
                    FieldProblem(
                        "\(path).http.path", found: page.quoted, expected: "a path that begins with “/”, without spaces"
                    ))
            }
        case .tcp(let port): check(port: port, at: "\(path).tcp")
        case .command(let command):
            if command.first?.isEmpty ?? true {
                problems.append(
                    FieldProblem("\(path).command", found: "nothing", expected: "a program and its arguments"))
            }
        }
        let least = TimeSpan(milliseconds: 100)
        let times = [("interval", interval), ("timeout", timeout)] + (deadline.map { [("deadline", $0)] } ?? [])
        for (name, time) in times where time < least {
            problems.append(FieldProblem("\(path).\(name)", found: "\(time)", expected: "\(least) or more"))
        }
        return problems
    }
}

extension FieldProblem {
    fileprivate static func unless(
        _ isFine: Bool, _ path: String, found: String, expected: String
    ) -> FieldProblem? {
        isFine ? nil : FieldProblem(path, found: found, expected: expected)
    }
}

extension Character {
    /// Of names that stand in paths, in labels and between colons.
    var isNamePart: Bool { isASCII && (isLetter || isNumber) || self == "-" || self == "_" || self == "." }
}

extension String {
    var quoted: String { isEmpty ? "nothing" : "“\(self)”" }

    fileprivate var isAbsolutePath: Bool {
        let parts = split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return hasPrefix("/") && count > 1 && !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
    }
}
