import ArgumentParser
import HelixAdmin
import HelixRecords

struct ThrottleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "throttle", abstract: "Limit how many replicas may be in transition at once.",
        discussion: """
            Throttles are about resources that the controller places (FULL_AUTO, USER_DEFINED). A transition recovers when it \
            brings back a replica or a state that is missing; all others balance the load.
            """,
        subcommands: [List.self, Set.self, Remove.self])
}

/// What a throttle counts.
struct ThrottleArguments: ParsableArguments, Sendable {
    enum Scope: String, ExpressibleByArgument, CaseIterable, Sendable {
        case cluster, resource, instance
    }

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable {
        case any, load, recovery
    }

    @Argument(help: "The cluster's name.")
    var cluster: String

    @Argument(help: "Where transitions are counted: in the whole cluster, in each resource, or on each instance.")
    var scope: Scope

    @Argument(help: "Which transitions are counted.")
    var type: Kind

    var recordScope: ThrottleConfig.Scope {
        switch scope {
        case .cluster: .cluster
        case .resource: .resource
        case .instance: .instance
        }
    }

    var recordType: ThrottleConfig.RebalanceType {
        switch type {
        case .any: .any
        case .load: .load
        case .recovery: .recovery
        }
    }
}

extension ThrottleCommand {
    struct List: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the throttles of a cluster.",
            discussion: """
                EXAMPLE
                  helix throttle list orders
                """)

        @OptionGroup var target: ClusterArgument
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> ThrottleList {
            ThrottleList(throttles: try await administrator.throttles(of: target.cluster))
        }
    }

    struct Set: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set a throttle; one of the same scope and type is replaced.",
            discussion: """
                0 lets nothing of the type begin. What is under way goes on.

                EXAMPLES
                  helix throttle set orders cluster load 100
                  helix throttle set orders instance any 5
                """)

        @OptionGroup var target: ThrottleArguments
        @Argument(help: "How many may be in transition at once.")
        var limit: Int
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if limit < 0 { throw ValidationError("a limit is a number from 0, not \(limit)") }
        }

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            let throttle = ThrottleConfig(target.recordScope, target.recordType, limit: limit)
            try await administrator.setThrottle(throttle, in: target.cluster)
            return Confirmation(
                message: "cluster \(target.cluster): at most \(limit) transitions at once "
                    + "(\(throttle.scope.rawValue), \(throttle.type.rawValue))")
        }
    }

    struct Remove: AdministrationCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a throttle.",
            discussion: """
                EXAMPLE
                  helix throttle remove orders cluster load
                """)

        @OptionGroup var target: ThrottleArguments
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.removeThrottle(target.recordScope, target.recordType, in: target.cluster)
            return Confirmation(
                message: "cluster \(target.cluster): no throttle (\(target.recordScope.rawValue), "
                    + "\(target.recordType.rawValue)) any more")
        }
    }
}

struct ThrottleList: Rendering {
    let throttles: [ThrottleConfig]

    private struct Entry: Encodable {
        let scope: String
        let type: String
        let limit: Int
    }

    var text: String {
        if throttles.isEmpty { return "no throttles" }
        var table = TextTable("SCOPE", "TYPE", "AT ONCE")
        for throttle in throttles { table.add(throttle.scope.rawValue, throttle.type.rawValue, "\(throttle.limit)") }
        return "\(table)"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(
            throttles.map { Entry(scope: $0.scope.rawValue, type: $0.type.rawValue, limit: $0.limit) })
    }
}
