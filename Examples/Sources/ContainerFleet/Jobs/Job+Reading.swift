extension Job {
    /// Reads a job from a file that a person wrote, in YAML or JSON.
    /// - Parameters:
    ///   - now: what must not have expired.
    ///   - salt: for the job's token, of which only a hash is kept.
    /// - Throws: ``JobError`` of kind `unreadable`, or of kind `invalid` with everything that is wrong.
    public init(file text: String, now: Moment? = nil, salt: [UInt8] = TokenHash.randomSalt()) throws(JobError) {
        try self.init(written: Document(text: text), now: now, salt: salt)
    }

    /// Reads a job that a person wrote.
    /// - Throws: ``JobError`` of kind `invalid` with everything that is wrong.
    public init(
        written document: Document, now: Moment? = nil, salt: [UInt8] = TokenHash.randomSalt()
    ) throws(JobError) {
        let (job, problems) = Self.read(document, toleratesUnknown: false, salt: salt)
        // One problem per field: what could not be read is not judged.
        let judged = job.problems(now: now).filter { problem in
            !problems.contains { problem.path == $0.path || problem.path.hasPrefix("\($0.path).") }
        }
        guard problems.isEmpty, judged.isEmpty else { throw JobError(problems + judged) }
        self = job
    }

    /// Reads a job that was stored. Fields that a later version wrote are passed over, and what was accepted once is
    /// not judged again.
    /// - Throws: ``JobError`` when it was not stored by ``stored``.
    public init(stored text: String) throws(JobError) {
        let (job, problems) = Self.read(try Document(json: text), toleratesUnknown: true, salt: nil)
        guard problems.isEmpty else { throw JobError(problems) }
        self = job
    }

    /// - Parameter salt: `nil` where the hash of the token is there already.
    private static func read(
        _ document: Document, toleratesUnknown: Bool, salt: [UInt8]?
    ) -> (job: Job, problems: [FieldProblem]) {
        var job = Job(name: "", version: "", image: "")
        guard case .map(let fields) = document else {
            return (job, [FieldProblem("the job", found: document.excerpt, expected: "a map of its fields")])
        }
        let notes = FieldReader.Notes(toleratesUnknown: toleratesUnknown)
        let reader = FieldReader(fields, at: "", notes: notes)
        job.readContainer(reader)
        job.readRunning(reader)
        job.readAccess(reader, salt: salt)
        reader.finish()
        let identity = reader.text("id")
        if let identity, notes.problems.isEmpty, job.id.description != identity {
            reader.note("id", found: "“\(identity)”", expected: "“\(job.id)”, which is that of these fields, or none")
        }
        return (job, notes.problems)
    }

    /// What a container is made from.
    private mutating func readContainer(_ reader: FieldReader) {
        _ = reader.value("id")
        name = reader.text("name") ?? ""
        version = reader.text("version") ?? ""
        image = reader.text("image") ?? ""
        command = reader.texts("command")
        environment = reader.textMap("env")
        for (name, value) in reader.entries("ports") { ports[name] = Port(value, "ports.\(name)", reader) }
        for (path, value) in reader.entries("volumes") { volumes[path] = Volume(value, "volumes.\(path)", reader) }
        memoryDirectories = reader.map("tmpfs", ByteCount.expected) { ByteCount($0) }
        resources =
            reader.child("resources") { reader in
                Resources(
                    cpus: reader.read("cpus", "a number of processors such as 2 or 0.25") { ProcessorShare($0) },
                    memory: reader.read("memory", ByteCount.expected) { ByteCount($0) })
            } ?? Resources()
        labels = reader.textMap("labels")
        reader.child("capabilities") { reader in
            addedCapabilities = reader.texts("add")
            droppedCapabilities = reader.texts("drop")
        }
        securityOptions = reader.texts("securityOptions")
        network =
            reader.read("network", "“bridge”, “host” or “container:<name>”") { NetworkMode($0) } ?? network
        hostname = reader.text("hostname")
    }

    /// Where, how long and in what manner it runs.
    private mutating func readRunning(_ reader: FieldReader) {
        isRunOnce = reader.flag("runOnce") ?? false
        restart = reader.value("restart").flatMap { RestartPolicy($0, "restart", reader) } ?? Self.usual(isRunOnce)
        reader.child("health") { reader in
            gate = reader.child("gate") { HealthCheck($0, usual: HealthCheck.gate) }
            liveness = reader.child("liveness") { HealthCheck($0, usual: HealthCheck.liveness) }
        }
        gracePeriod = reader.time("gracePeriod") ?? gracePeriod
        stopTimeout = reader.time("stopTimeout") ?? stopTimeout
        hosts = reader.list("hosts", HostSelector.expected) { HostSelector($0) }
        expires = reader.moment("expires")
        metadata = reader.textMap("metadata")
        rollout = reader.child("rollout") { Rollout($0) } ?? Rollout()
        created = reader.moment("created")
        creator = reader.text("creator")
    }

    /// What is secret about it.
    private mutating func readAccess(_ reader: FieldReader, salt: [UInt8]?) {
        let source = "“file:/path”, “env:NAME” or “store:name”: where the secret is, not the secret itself"
        if case .list(let files) = reader.value("secrets") ?? .list([]) {
            secrets = files.enumerated().compactMap { index, file in
                reader.child(file, "secrets[\(index)]") { reader in
                    let name = reader.text("name") ?? ""
                    let place = reader.read("source", source, isSecret: true) { SecretSource($0) }
                    let target = reader.text("target") ?? "/run/secrets/\(name)"
                    let mode = reader.read("mode", "file mode bits in octal digits, from “0000” to “0777”") { text in
                        Int(text, radix: 8).flatMap { (0...0o777).contains($0) ? $0 : nil }
                    }
                    if reader.value("source") == nil { reader.note("source", found: "nothing", expected: source) }
                    return place.map { SecretFile(name: name, target: target, mode: mode ?? 0o400, source: $0) }
                }
            }
        } else {
            reader.note("secrets", found: reader.value("secrets")?.excerpt ?? "nothing", expected: "a list")
        }
        registryAuth = reader.read("registryAuth", source, isSecret: true) { SecretSource($0) }
        if let salt {
            let text = reader.read("token", "text of at least 8 characters", isSecret: true) { $0.count < 8 ? nil : $0 }
            token = text.map { TokenHash(of: $0, salt: salt) }
        } else {
            token = reader.child("tokenHash") { reader in
                TokenHash(salt: reader.text("salt") ?? "", hash: reader.text("hash") ?? "")
            }
        }
    }

    /// What happens, unless it is said, when a container ends.
    static func usual(_ isRunOnce: Bool) -> RestartPolicy { isRunOnce ? .never : .always }
}

extension FieldReader {
    func time(_ name: String) -> TimeSpan? { read(name, TimeSpan.expected) { TimeSpan($0) } }

    func moment(_ name: String) -> Moment? {
        read(name, "a moment such as “2027-01-31T12:00:00Z”") { Moment($0) }
    }
}

extension Port {
    /// A number is a port of the container, on a free port of the host.
    fileprivate init?(_ document: Document, _ path: String, _ reader: FieldReader) {
        if case .number(let text) = document, let number = Int(text) {
            self.init(number)
            return
        }
        guard
            let port = reader.child(
                document, path,
                { reader -> Port? in
                    if reader.value("container") == nil {
                        reader.note("container", found: "nothing", expected: "the port in the container")
                    }
                    let container = reader.number("container", 1...65_535)
                    let host = reader.number("host", 1...65_535)
                    let transport: Transport = reader.choice("protocol") ?? .tcp
                    return container.map { Port($0, host: host, transport: transport) }
                })
        else { return nil }
        self = port
    }
}

extension Volume {
    /// Text is a path of the host, or the name of a volume.
    fileprivate init?(_ document: Document, _ path: String, _ reader: FieldReader) {
        if case .text(let text) = document {
            self.init(text.isEmpty ? .anonymous : text.hasPrefix("/") ? .host(path: text) : .named(text))
            return
        }
        guard
            let volume = reader.child(
                document, path,
                { reader -> Volume? in
                    let (host, name) = (reader.text("host"), reader.text("name"))
                    if host != nil, name != nil {
                        reader.note("name", found: "a name beside a path of the host", expected: "one of the two")
                    }
                    let source = host.map { Source.host(path: $0) } ?? name.map { .named($0) } ?? .anonymous
                    return Volume(source, isReadOnly: reader.flag("readOnly") ?? false)
                })
        else { return nil }
        self = volume
    }
}

extension RestartPolicy {
    fileprivate init?(_ document: Document, _ path: String, _ reader: FieldReader) {
        switch document {
        case .text("always"): self = .always
        case .text("never"): self = .never
        case .map(let fields) where fields["onFailure"] != nil:
            guard let attempts = reader.child(document, path, { $0.number("onFailure", 1...1_000) }) else { return nil }
            self = .onFailure(attempts: attempts)
        default:
            reader.note(path, found: document.excerpt, expected: "“always”, “never” or a map “onFailure: attempts”")
            return nil
        }
    }
}

extension HealthCheck {
    fileprivate init?(_ reader: FieldReader, usual: (Probe) -> HealthCheck) {
        let command = reader.texts("command")
        let probes = [
            reader.child("http") { Probe.http(port: $0.text("port") ?? "", path: $0.text("path") ?? "/") },
            reader.child("tcp") { Probe.tcp(port: $0.text("port") ?? "") },
            command.isEmpty ? nil : Probe.command(command),
        ].compactMap(\.self)
        self = usual(probes.first ?? .command([]))
        interval = reader.time("interval") ?? interval
        timeout = reader.time("timeout") ?? timeout
        // 0 is for none, where there usually is some.
        if let time = reader.time("deadline") { deadline = time == .seconds(0) ? nil : time }
        if let count = reader.number("retries", 0...1_000) { retries = count == 0 ? nil : count }
        guard probes.count == 1 else {
            reader.note(
                "http", found: probes.isEmpty ? "no probe" : "\(probes.count) probes",
                expected: "one of “http”, “tcp” and “command”")
            return nil
        }
    }
}

extension Rollout {
    fileprivate init(_ reader: FieldReader) {
        parallelism = reader.number("parallelism", 1...100_000) ?? parallelism
        overlap = reader.flag("overlap") ?? overlap
        minHealthyTime = reader.time("minHealthyTime") ?? minHealthyTime
        deadline = reader.time("deadline") ?? deadline
        canary = reader.number("canary", 0...100_000) ?? canary
        failureRatio =
            reader.read("failureRatio", "a number from 0 to 1 of at most three places") { text in
                ProcessorShare(text).flatMap { $0.thousandths <= 1_000 ? $0 : nil }
            } ?? failureRatio
        onFailure = reader.choice("onFailure") ?? onFailure
    }
}
