import ArgumentParser

@main
struct Helix: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "helix",
        abstract: "Set up, run and look at clusters.",
        discussion: """
            Every command that works on a cluster needs to know where ZooKeeper is: by --zookeeper, or once and for all \
            by the environment variable HELIX_ZOOKEEPER.

            EXAMPLES
              export HELIX_ZOOKEEPER=127.0.0.1:2181
              helix cluster create orders
              helix instance add orders node1_8080
              helix resource add orders Orders --partitions 16 --replicas 2 --state-model LeaderStandby
              helix controller orders &
              helix participant orders node1_8080 &
              helix view orders --watch

            EXIT CODES
              0   done
              1   refused or failed; standard error says why, and what to do
              64  wrong usage
            """,
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(
                name: "Administration",
                subcommands: [
                    ClusterCommand.self, InstanceCommand.self, ResourceCommand.self, PartitionCommand.self,
                    StateModelCommand.self, ConfigCommand.self, CustomizedStateCommand.self, ThrottleCommand.self,
                    ConstraintCommand.self,
                ]),
            CommandGroup(
                name: "Looking",
                subcommands: [
                    ViewCommand.self, PlacementCommand.self, ExplainCommand.self, WhyNotConvergedCommand.self,
                    EventsCommand.self, PlanCommand.self, SpectatorCommand.self,
                ]),
            CommandGroup(
                name: "Running", subcommands: [ControllerCommand.self, ParticipantCommand.self, DemoCommand.self]),
        ])
}
