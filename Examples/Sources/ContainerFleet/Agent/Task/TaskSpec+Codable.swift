// What is as usual is left out: so a spec that knows one field more still has the fingerprint that it had, and what an
// older agent saved can be read.
extension TaskSpec {
    private enum CodingKeys: String, CodingKey {
        case image, pull, command, environment, ports, volumes, memoryFiles, secrets, memory, processor, processes
        case gate, liveness, restart, isRunOnce, gracePeriod, stopTimeout, labels, addedCapabilities
        case droppedCapabilities, securityOptions, networkMode, hostname, user
    }

    /// Reads a spec; what is left out is as usual.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(image: try fields.decode(String.self, forKey: .image))
        func read<Value: Decodable>(_ value: inout Value, _ key: CodingKeys) throws {
            if let found = try fields.decodeIfPresent(Value.self, forKey: key) { value = found }
        }
        try read(&pull, .pull)
        try read(&command, .command)
        try read(&environment, .environment)
        try read(&ports, .ports)
        try read(&volumes, .volumes)
        try read(&memoryFiles, .memoryFiles)
        try read(&secrets, .secrets)
        try read(&memory, .memory)
        try read(&processor, .processor)
        try read(&processes, .processes)
        try read(&gate, .gate)
        try read(&liveness, .liveness)
        try read(&restart, .restart)
        try read(&isRunOnce, .isRunOnce)
        try read(&gracePeriod, .gracePeriod)
        try read(&stopTimeout, .stopTimeout)
        try read(&labels, .labels)
        try read(&addedCapabilities, .addedCapabilities)
        try read(&droppedCapabilities, .droppedCapabilities)
        try read(&securityOptions, .securityOptions)
        try read(&networkMode, .networkMode)
        try read(&hostname, .hostname)
        try read(&user, .user)
    }

    /// Writes what is not as usual.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        let usual = TaskSpec(image: image)
        func write<Value: Encodable & Equatable>(_ field: KeyPath<TaskSpec, Value>, _ key: CodingKeys) throws {
            if self[keyPath: field] != usual[keyPath: field] { try fields.encode(self[keyPath: field], forKey: key) }
        }
        try fields.encode(image, forKey: .image)
        try write(\.pull, .pull)
        try write(\.command, .command)
        try write(\.environment, .environment)
        try write(\.ports, .ports)
        try write(\.volumes, .volumes)
        try write(\.memoryFiles, .memoryFiles)
        try write(\.secrets, .secrets)
        try write(\.memory, .memory)
        try write(\.processor, .processor)
        try write(\.processes, .processes)
        try write(\.gate, .gate)
        try write(\.liveness, .liveness)
        try write(\.restart, .restart)
        try write(\.isRunOnce, .isRunOnce)
        try write(\.gracePeriod, .gracePeriod)
        try write(\.stopTimeout, .stopTimeout)
        try write(\.labels, .labels)
        try write(\.addedCapabilities, .addedCapabilities)
        try write(\.droppedCapabilities, .droppedCapabilities)
        try write(\.securityOptions, .securityOptions)
        try write(\.networkMode, .networkMode)
        try write(\.hostname, .hostname)
        try write(\.user, .user)
    }
}
