import ArgumentParser
import HelixAdmin
import HelixRecords

extension InstanceCommand {
    struct Enable: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let an instance serve again.",
            discussion: """
                EXAMPLE
                  helix instance enable orders node1_8080
                """)

        @OptionGroup var target: InstanceArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.enableInstance(target.instance, in: target.cluster)
            return Confirmation(message: "instance \(target.instance) enabled")
        }
    }

    struct Disable: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take an instance out of service: its replicas go to their initial state.",
            discussion: """
                EXAMPLE
                  helix instance disable orders node1_8080 --reason "a disk is being replaced"
                """)

        @OptionGroup var target: InstanceArguments
        @Option(help: "Why, for others to read.")
        var reason = ""
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.disableInstance(target.instance, in: target.cluster, reason: reason)
            return Confirmation(message: "instance \(target.instance) disabled")
        }
    }

    struct Operate: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask for an operation of an instance, for example that it be evacuated.",
            discussion: """
                EXAMPLE
                  helix instance operate orders node1_8080 EVACUATE --reason "the host is being retired"
                """)

        @OptionGroup var target: InstanceArguments
        @Argument(help: "ENABLE, DISABLE, EVACUATE, SWAP_IN or UNKNOWN.")
        var operation: InstanceOperation
        @Option(help: "Why, for others to read.")
        var reason = ""
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.setOperation(operation, of: target.instance, in: target.cluster, reason: reason)
            return Confirmation(message: "instance \(target.instance) is to \(operation.rawValue)")
        }
    }

    struct Tag: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give an instance tags, and take some away.",
            discussion: """
                EXAMPLE
                  helix instance tag orders node1_8080 --add ssd --remove hdd
                """)

        @OptionGroup var target: InstanceArguments
        @Option(help: "A tag to add; give the option again for more.")
        var add: [String] = []
        @Option(help: "A tag to remove; give the option again for more.")
        var remove: [String] = []
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if add.isEmpty, remove.isEmpty {
                throw ValidationError("there is nothing to do: give --add TAG or --remove TAG")
            }
            if let tag = add.first(where: remove.contains) {
                throw ValidationError("tag \(tag) is to be added and removed; decide for one")
            }
        }

        func outcome(_ administrator: Administrator) async throws -> Confirmation {
            try await administrator.removeTags(remove, from: target.instance, in: target.cluster)
            try await administrator.addTags(add, to: target.instance, in: target.cluster)
            let tags = try await administrator.describeInstance(target.instance, in: target.cluster).config.tags
            return Confirmation(
                message: "instance \(target.instance) has "
                    + (tags.isEmpty ? "no tags" : "tags \(tags.joined(separator: ", "))"))
        }
    }

    struct Reset: RehearsedCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take all replicas that an instance has in ERROR back to the initial state.",
            discussion: """
                EXAMPLE
                  helix instance reset orders node1_8080
                """)

        @OptionGroup var target: InstanceArguments
        @OptionGroup var rehearsal: RehearsalOptions
        @OptionGroup var common: CommonOptions

        func outcome(_ administrator: Administrator) async throws -> ResetReport {
            ResetReport(messages: try await administrator.resetInstance(target.instance, in: target.cluster))
        }
    }
}
