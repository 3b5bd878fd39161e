/// What an administrator wants of an instance (protocol reference 4.3).
public enum InstanceOperation: String, Sendable, Hashable, CaseIterable {
    /// It takes part in everything.
    case enable = "ENABLE"
    /// It keeps its replicas, in the initial state.
    case disable = "DISABLE"
    /// Its replicas move away, each when its replacement is up.
    case evacuate = "EVACUATE"
    /// It is being filled to replace another instance with the same logical id.
    case swapIn = "SWAP_IN"
    /// It is not to be used: replicas are dropped.
    case unknown = "UNKNOWN"

    /// Whether replicas may be placed on the instance.
    public var isAssignable: Bool { self == .enable || self == .disable }
    /// Whether routing tables show the instance.
    public var isRoutable: Bool { self != .swapIn && self != .unknown }

    /// Who asked for an operation.
    public enum Source: String, Sendable, Hashable, CaseIterable {
        /// An administrator: replaces whatever anybody else asked for.
        case admin = "ADMIN"
        /// A user.
        case user = "USER"
        /// A machine.
        case automation = "AUTOMATION"
        /// Nobody in particular.
        case byDefault = "DEFAULT"
    }

    /// Whether an instance may go from one operation to another, given the operations of the other instances with the
    /// same logical id.
    public static func isLegalMove(
        from: InstanceOperation, to: InstanceOperation, others: [InstanceOperation]
    ) -> Bool {
        switch (from, to) {
        case (_, .unknown), (.evacuate, .evacuate), (.swapIn, .swapIn): true
        case (.enable, .enable), (.enable, .disable), (.enable, .evacuate): true
        case (.disable, .enable), (.disable, .disable), (.disable, .evacuate): true
        case (.evacuate, .enable), (.evacuate, .disable): others.allSatisfy { $0 == .unknown }
        case (.unknown, .enable), (.unknown, .disable):
            others.allSatisfy { $0 == .unknown || $0 == .evacuate }
        case (.unknown, .swapIn): others.contains { $0 == .enable || $0 == .disable }
        default: false
        }
    }
}

/// One item of HELIX_INSTANCE_OPERATIONS: an operation, who asked for it, why and when.
public struct InstanceOperationEntry: Sendable, Hashable {
    /// The operation; one whose text is not known reads as `.unknown`.
    public var operation: InstanceOperation
    /// Why.
    public var reason: String
    /// Who asked for it.
    public var source: InstanceOperation.Source
    /// When, in ms since 1970; -1 for "at the instance's creation".
    public var timestamp: Int64
    /// LEGACY_DISABLED_TYPE, where an old tool wrote it.
    public var legacyDisabledType: String?

    /// An item.
    public init(
        _ operation: InstanceOperation, reason: String = "", source: InstanceOperation.Source = .byDefault,
        timestamp: Int64 = -1
    ) {
        self.operation = operation
        self.reason = reason
        self.source = source
        self.timestamp = timestamp
    }

    init(text: String) throws(RecordError) {
        let object = try FlatObject.decode(text, of: "HELIX_INSTANCE_OPERATIONS")
        self.init(
            object["OPERATION"].flatMap { InstanceOperation(rawValue: $0) } ?? .unknown,
            reason: object["REASON"] ?? "",
            source: object["SOURCE"].flatMap { InstanceOperation.Source(rawValue: $0) } ?? .byDefault,
            timestamp: object["TIMESTAMP"].flatMap { Int64($0) } ?? -1)
        legacyDisabledType = object["LEGACY_DISABLED_TYPE"]
    }

    var text: String {
        var members = [
            (key: "OPERATION", value: operation.rawValue), ("REASON", reason), ("SOURCE", source.rawValue),
            ("TIMESTAMP", String(timestamp)),
        ]
        if let legacyDisabledType { members.append(("LEGACY_DISABLED_TYPE", legacyDisabledType)) }
        return FlatObject.encode(members)
    }
}

extension InstanceConfig {
    /// HELIX_INSTANCE_OPERATIONS, the active one last. An item that cannot be read counts as `.unknown`, so that an
    /// instance whose operation is not understood is not used.
    public var operations: [InstanceOperationEntry] {
        get {
            record[list: "HELIX_INSTANCE_OPERATIONS"].map { text in
                do throws(RecordError) {
                    return try InstanceOperationEntry(text: text)
                } catch {
                    return InstanceOperationEntry(.unknown, reason: error.description)
                }
            }
        }
        set { record[list: "HELIX_INSTANCE_OPERATIONS"] = newValue.map(\.text) }
    }

    /// The operation that counts: the last of ``operations``, unless the legacy flag HELIX_ENABLED, which old tools
    /// still edit, says otherwise.
    public var effectiveOperation: InstanceOperation { effectiveOperationEntry.operation }

    /// ``effectiveOperation`` with its reason and source.
    public var effectiveOperationEntry: InstanceOperationEntry {
        let active = operations.last ?? InstanceOperationEntry(.enable)
        if !isEnabled, active.operation == .enable || active.operation == .evacuate {
            return InstanceOperationEntry(
                .disable, reason: disabledReason, source: legacySource, timestamp: enabledTimestamp ?? -1)
        }
        if isEnabled, active.operation == .disable {
            return InstanceOperationEntry(.enable, source: active.source, timestamp: enabledTimestamp ?? -1)
        }
        return active
    }

    private var legacySource: InstanceOperation.Source {
        switch record.simpleFields["HELIX_DISABLED_TYPE"] {
        case "CLOUD_EVENT": .automation
        case "USER_OPERATION": .user
        default: .byDefault
        }
    }

    /// Asks for an operation, and keeps the legacy flag in step.
    /// - Parameters:
    ///   - source: what the same source asked for before is replaced; an administrator replaces everybody's.
    ///   - at: now, in ms since 1970.
    public mutating func setOperation(
        _ operation: InstanceOperation, source: InstanceOperation.Source = .admin, reason: String = "", at: Int64
    ) {
        let effective = effectiveOperationEntry
        if let active = operations.last, active.operation != effective.operation { insert(effective) }
        let entry = InstanceOperationEntry(operation, reason: reason, source: source, timestamp: at)
        insert(entry)
        switch operation {
        case .disable: setDisabled(entry, at: at)
        case .enable:
            let disabled = operations.filter { $0.operation == .disable }
            if let newest = disabled.max(by: { $0.timestamp < $1.timestamp }) {
                setDisabled(newest, at: at)
            } else if !isEnabled {
                isEnabled = true
                enabledTimestamp = at
                record.simpleFields["HELIX_DISABLED_REASON"] = nil
                record.simpleFields["HELIX_DISABLED_TYPE"] = nil
            }
        case .evacuate, .swapIn, .unknown: break
        }
    }

    private mutating func insert(_ entry: InstanceOperationEntry) {
        var entries = entry.source == .admin ? [] : operations.filter { $0.source != entry.source }
        let lastEnable = entries.lastIndex { $0.operation == .enable }
        let place = entry.operation == .enable ? lastEnable.map { $0 + 1 } ?? 0 : entries.count
        entries.insert(entry, at: place)
        operations = entries
    }

    private mutating func setDisabled(_ entry: InstanceOperationEntry, at now: Int64) {
        if isEnabled {
            isEnabled = false
            enabledTimestamp = now
        }
        record.simpleFields["HELIX_DISABLED_REASON"] = entry.reason
        record.simpleFields["HELIX_DISABLED_TYPE"] =
            switch entry.source {
            case .user: "USER_OPERATION"
            case .automation: "CLOUD_EVENT"
            case .admin, .byDefault: nil
            }
    }
}
