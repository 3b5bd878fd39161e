/// What runs containers on a host. ``DockerEngine`` speaks to a real one; tests may put one in memory in its place.
///
/// Containers are named by id or by name. Every call throws ``EngineError``, or `CancellationError` when the calling
/// task is cancelled; of a call that was cancelled, lost or late it is not known whether it was carried out.
public protocol ContainerEngine: Sendable {
    /// Asks whether the Engine is there, and what it is.
    func ping() async throws -> EngineInformation

    /// Fetches an image. The image is here when the stream has ended without an error; to stop reading calls it off.
    /// - Parameter image: a name with a tag or digest; the tag `latest` unless there is one.
    func pull(_ image: String, credentials: RegistryCredentials?) async throws -> EngineStream<PullProgress>

    /// Looks up an image that is here.
    /// - Throws: ``EngineError`` of kind `imageMissing` when it is not.
    func image(_ name: String) async throws -> ImageDetails

    /// Deletes an image, or only its name if it has others.
    /// - Throws: ``EngineError`` of kind `conflict` when a container is made from it.
    func removeImage(_ name: String) async throws

    /// Makes a container; it does not run yet.
    /// - Parameter name: letters, digits, `_`, `.` and `-`, two at least; made up by the Engine unless given.
    /// - Throws: ``EngineError`` of kind `imageMissing`, `nameConflict` or `badRequest`.
    func create(_ spec: ContainerSpec, name: String?) async throws -> CreatedContainer

    /// Starts a container. One that runs is left alone.
    /// - Throws: ``EngineError`` of kind `portInUse` or `commandNotFound`, among others.
    func start(_ container: String) async throws

    /// Asks a container to end, kills it if it does not, and returns when it has ended. One that does not run is left
    /// alone.
    /// - Parameter limit: how long it may take, in whole seconds, before it is killed; as its spec says unless set.
    func stop(_ container: String, within limit: Duration?) async throws

    /// Sends a signal, for example `KILL` or `HUP`.
    /// - Throws: ``EngineError`` of kind `notRunning`.
    func kill(_ container: String, signal: String) async throws

    /// Deletes a container.
    /// - Parameters:
    ///   - force: whether it is killed first if it runs; else that is a `conflict`.
    ///   - volumes: whether volumes without a name go with it.
    func remove(_ container: String, force: Bool, volumes: Bool) async throws

    /// Waits until a container does not run.
    /// - Returns: its exit code.
    func wait(for container: String) async throws -> Int

    /// Looks up a container.
    func inspect(_ container: String) async throws -> ContainerDetails

    /// Lists containers, the newest first.
    func list(_ filter: ContainerFilter) async throws -> [ContainerSummary]

    /// Reads what a container wrote. The Engine is asked when the first piece is, since of a silent container it says
    /// nothing, not even that it exists.
    func logs(of container: String, _ options: LogOptions) -> EngineStream<OutputChunk>

    /// Starts a command in a container that runs.
    /// - Throws: ``EngineError`` of kind `notRunning`.
    func execute(_ command: ExecSpec, in container: String) async throws -> Execution

    /// How a command ended. To be asked when its output has.
    func exitCode(of execution: Execution) async throws -> Int

    /// What a container has used so far.
    func sample(_ container: String) async throws -> ContainerSample

    /// What happens from now on, or since a moment. When this returns, nothing that happens is missed. The stream ends
    /// with an error when the Engine goes away, and does not end otherwise.
    /// - Parameter time: nanoseconds since 1970; what happened then comes again. The Engine remembers only some
    ///   hundred events, so that a list of the containers has to tell the rest.
    func events(since time: Int64?, _ filter: EventFilter) async throws -> EngineStream<EngineEvent>

    /// Unpacks files in a container, whether it runs or not. This is how secrets get in.
    /// - Parameter directory: has to be there.
    func put(_ files: Archive, into container: String, at directory: String) async throws

    /// Packs a file or directory of a container.
    func archive(_ path: String, of container: String) async throws -> Archive

    /// The names of networks, in alphabetical order.
    func networks() async throws -> [String]

    /// Makes a network, of the bridge kind.
    /// - Throws: ``EngineError`` of kind `conflict` when there is one of that name.
    func createNetwork(_ name: String, labels: [String: String]) async throws

    /// Deletes a network.
    func removeNetwork(_ name: String) async throws
}

/// What is read of what a container wrote.
public struct LogOptions: Sendable, Hashable {
    /// Whether what it writes from now on follows.
    public var follows = false
    /// How many of the last lines; all unless set.
    public var tail: Int?
    /// Seconds since 1970 from which on lines count.
    public var since: Double?
    /// Whether each line begins with its time (RFC 3339).
    public var hasTimestamps = false

    /// What is read.
    public init(follows: Bool = false, tail: Int? = nil, since: Double? = nil, hasTimestamps: Bool = false) {
        self.follows = follows
        self.tail = tail
        self.since = since
        self.hasTimestamps = hasTimestamps
    }
}

/// A command that is to run in a container.
public struct ExecSpec: Sendable, Hashable {
    /// The program and its arguments.
    public var command: [String]
    /// Environment variables beside the container's.
    public var environment: [String: String]
    /// The user; the container's unless set.
    public var user: String?
    /// Where the command starts; where the container's did unless set.
    public var workingDirectory: String?

    /// A command.
    public init(
        _ command: [String], environment: [String: String] = [:], user: String? = nil, workingDirectory: String? = nil
    ) {
        self.command = command
        self.environment = environment
        self.user = user
        self.workingDirectory = workingDirectory
    }
}

/// A command that was started in a container.
public struct Execution: Sendable {
    /// What the Engine calls it.
    public var id: String
    /// What it writes; ends when the command does. The command goes on when nobody reads any more.
    public var output: EngineStream<OutputChunk>

    /// A command.
    public init(id: String, output: EngineStream<OutputChunk>) {
        self.id = id
        self.output = output
    }
}

/// How a command ended in a container.
public struct ExecResult: Sendable, Hashable {
    /// 0 for success.
    public var exitCode: Int
    /// The first 64 KiB of what it wrote, standard output and standard error as they came.
    public var output: String

    /// How it ended.
    public init(exitCode: Int, output: String) {
        self.exitCode = exitCode
        self.output = output
    }
}

extension ContainerEngine {
    /// Fetches an image, and returns when it is here.
    public func fetch(_ image: String, credentials: RegistryCredentials? = nil) async throws {
        for try await _ in try await pull(image, credentials: credentials) {}
    }

    /// Runs a command in a container to its end.
    public func run(_ command: ExecSpec, in container: String) async throws -> ExecResult {
        let execution = try await execute(command, in: container)
        var output: [UInt8] = []
        for try await chunk in execution.output { output += chunk.bytes.prefix(max(0, 65_536 - output.count)) }
        return ExecResult(
            exitCode: try await exitCode(of: execution), output: String(decoding: output, as: UTF8.self))
    }
}
