import ArgumentParser
import FleetAPI

@main
struct FleetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Run containers on many hosts, and keep them running.",
        discussion: """
            Hosts run `fleet agent`, two or three machines run `fleet master`, and all else asks the masters. Which masters \
            those are is said by --master, by the environment variable FLEET_MASTER, or, for clusters with names, by \
            ~/.fleet/config (--cluster).

            EXAMPLES
              fleet master --zookeeper zk1:2181 --open &
              fleet agent --zookeeper zk1:2181 --name host1 --label role=web &
              export FLEET_MASTER=http://127.0.0.1:5801
              fleet job create web:1 nginx:1.27 --port http=8080:80
              fleet deploy web:1 host1 --wait
              fleet status
              fleet job create -f web-2.yaml
              fleet rollout start web:2 web
              fleet logs web -f

            EXIT CODES
              0   done
              1   refused or failed; standard error says why, and what to do
              2   not done in the time given
              64  wrong usage
              of `fleet exec` and of `fleet wait` for a job that runs once: the exit code of what was run
            """,
        version: "\(FleetVersion.current)",
        groupedSubcommands: [
            CommandGroup(name: "Running", subcommands: [AgentCommand.self, MasterCommand.self]),
            CommandGroup(
                name: "Deploying",
                subcommands: [
                    JobCommand.self, DeployCommand.self, UndeployCommand.self, StartCommand.self, StopCommand.self,
                    ScaleCommand.self, RolloutCommand.self, PlanCommand.self, WaitCommand.self,
                ]),
            CommandGroup(
                name: "Looking",
                subcommands: [
                    StatusCommand.self, DeploymentsCommand.self, HistoryCommand.self, EventsCommand.self,
                    LogsCommand.self, ExecCommand.self, MastersCommand.self,
                ]),
            CommandGroup(
                name: "Administration", subcommands: [HostsCommand.self, SecretCommand.self, AccessCommand.self]),
        ])
}
