public import ArgumentParser
public import HelixRecords
public import HelixSpectator
public import Logging

// What the library's types look like on the command line.

extension Logger.Level: @retroactive ExpressibleByArgument {}

extension InstanceOperation: ExpressibleByArgument {}

extension JournalEvent.Kind: ExpressibleByArgument {}

extension IdealState.Failback: ExpressibleByArgument {}

extension IdealState.RebalanceMode: ExpressibleByArgument {
    /// All that a resource of a user's can have: TASK is the task framework's.
    public static var allValueStrings: [String] { allCases.filter { $0 != .task }.map(\.rawValue) }
}

extension IdealState.Replicas: ExpressibleByArgument {
    /// A number, or `ANY_LIVEINSTANCE`.
    public init?(argument: String) {
        if argument == "ANY_LIVEINSTANCE" {
            self = .anyLiveInstance
        } else if let count = Int(argument), count >= 0 {
            self = .count(count)
        } else {
            return nil
        }
    }

    /// As on the command line.
    var text: String {
        switch self {
        case .count(let count): "\(count)"
        case .anyLiveInstance: "ANY_LIVEINSTANCE"
        }
    }
}

extension RoutingSource: ExpressibleByArgument {
    private static let names: [(name: String, source: RoutingSource)] = [
        ("external-view", .externalView), ("target-external-view", .targetExternalView),
        ("current-states", .currentStates),
    ]

    private static let customizedPrefix = "customized-view:"

    /// `external-view`, `target-external-view`, `current-states`, or `customized-view:` and a type.
    public init?(argument: String) {
        if argument.hasPrefix(Self.customizedPrefix), argument.count > Self.customizedPrefix.count {
            self = .customizedView(type: String(argument.dropFirst(Self.customizedPrefix.count)))
            return
        }
        guard let known = Self.names.first(where: { $0.name == argument }) else { return nil }
        self = known.source
    }

    /// As on the command line.
    public var defaultValueDescription: String { Self.names.first { $0.source == self }?.name ?? "" }

    /// All that may be said.
    public static var allValueStrings: [String] { names.map(\.name) }
}
