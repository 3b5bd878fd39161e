import ArgumentParser
import HelixRecords
import HelixSpectator
import StateModels
import Testing

@testable import helix

@Suite("The command line")
struct ParsingTests {
    private static let place = ["--zookeeper", "127.0.0.1:1"]

    /// Words of a line, without quotes.
    private func parse(_ line: String) throws -> any ParsableCommand {
        try Helix.parseAsRoot(line.split(separator: " ").map(String.init) + Self.place)
    }

    @Test(
        "understands every command",
        arguments: [
            "cluster create C", "cluster create C --allow-auto-join", "cluster delete C", "cluster list",
            "cluster describe C", "cluster enable C", "cluster disable C --reason r",
            "cluster rebalance C", "cluster enter-maintenance C --reason r", "cluster exit-maintenance C",
            "instance add C I --tag a --tag b --domain zone=a --host h --port 1", "instance drop C I",
            "instance list C --tag a", "instance describe C I", "instance enable C I", "instance disable C I",
            "instance operate C I EVACUATE", "instance tag C I --add a --remove b", "instance reset C I",
            "instance evacuate C I --reason r --wait", "instance evacuate C I --dry-run --format json",
            "instance evacuation C I --wait", "instance swap start C I J --reason r --wait",
            "instance stoppable C I J --checks siblings --checks top-state --skip alive --format json",
            "instance swap start C I J --dry-run", "instance swap status C I J --format json",
            "instance purge C --offline-for 36h --dry-run", "instance purge C", "instance kill C I --reason r",
            "instance kill C I --dry-run", "instance swap complete C I J --dry-run",
            "instance swap cancel C I J --reason r",
            "resource add C R --partitions 3 --replicas 2 --state-model MasterSlave --mode SEMI_AUTO",
            "resource add C R --partitions 3 --replicas ANY_LIVEINSTANCE --state-model OnlineOffline --delay 1.5",
            "resource drop C R", "resource list C", "resource describe C R", "resource rebalance C R --replicas 2",
            "resource enable C R", "resource disable C R", "resource reset C R",
            "partition reset C R P1 P2 --instance I", "partition enable C R P --instance I",
            "partition disable C R P --instance I", "partition set-error C R P --instance I", "state-model list C",
            "state-model show C M --format graphviz",
            "state-model add C f.json --replace", "config get C", "config get C a b",
            "config set C --scope participant --name I a=b c=", "config remove C --scope resource --name R a",
            "view C", "view C R --watch", "view C R --partition P --state LEADER", "explain C R P",
            "spectator C R --watch --source current-states --format json", "controller C --name N --log-level debug",
            "participant C I --state-model M --delay 5 --fail OFFLINE-SLAVE --fail SLAVE-MASTER",
            "placement C", "placement C R --all --format json", "plan C --drain I --moves",
            "plan C --add-node I --add-node J,zone=a,tag=b --remove-node K", "plan C --replicas R=2 --replicas S=3",
            "plan C --add-resource R:1:1 --add-resource S:1:ANY_LIVEINSTANCE:M --replicas R=ANY_LIVEINSTANCE",
            "events C", "events C --since 17 --watch --format json", "events C --since 2h --kind late --limit 3",
            "why-not-converged C --limit 3 --format json", "throttle list C", "throttle set C cluster load 10",
            "throttle remove C instance any", "constraint list C",
            "constraint set C N --limit 3 --instance .* --transition OFFLINE-SLAVE --format json",
            "constraint remove C N",
            "plan C --weights I:cpu=1,disk=2 --weights R/P:a=0", "instance drop C I --dry-run",
            "instance enable C I --dry-run", "instance disable C I --dry-run", "instance operate C I UNKNOWN --dry-run",
            "instance tag C I --add t --dry-run", "instance add C I --dry-run", "resource drop C R --dry-run",
            "resource add C R --partitions 1 --replicas 1 --state-model M --dry-run",
            "resource rebalance C R --replicas 2 --dry-run", "resource enable C R --dry-run",
            "resource disable C R --dry-run", "partition enable C R P --instance I --dry-run",
            "partition disable C R P --instance I --dry-run", "config set C a=b --dry-run --format json",
            "config remove C a --dry-run", "cluster rebalance C --dry-run",
            "cluster enable C --dry-run", "cluster disable C --dry-run", "cluster unfreeze C --dry-run",
            "cluster freeze C --dry-run", "cluster enter-maintenance C --reason r --dry-run",
            "cluster exit-maintenance C --dry-run", "partition reset C R P --instance I --dry-run",
            "partition set-error C R P --instance I --dry-run", "instance reset C I --dry-run",
            "resource reset C R --dry-run",
        ])
    func understands(line: String) throws {
        _ = try parse(line)
    }

    @Test(
        "refuses wrong usage with exit code 64",
        arguments: [
            "cluster create", "cluster make C", "nonsense", "cluster enter-maintenance C", "cluster list --format xml",
            "cluster list --timeout 0", "cluster list --timeout soon", "cluster list --log-level loud",
            "instance add C I --port 70000", "instance operate C I RETIRE", "instance tag C I",
            "instance evacuate C I --dry-run --wait", "instance evacuation C", "instance swap start C I",
            "instance purge C --offline-for 36", "instance stoppable C", "instance stoppable C I --checks luck",
            "instance stoppable C I --checks alive --skip alive", "instance purge C --offline-for -1h",
            "instance tag C I --add a --remove a", "resource add C R --partitions 3 --replicas 2",
            "resource add C R --partitions 0 --replicas 2 --state-model M",
            "resource add C R --partitions 3 --replicas -1 --state-model M",
            "resource add C R --partitions 3 --replicas few --state-model M",
            "resource add C R --partitions 3 --replicas 2 --state-model M --mode MANUAL",
            "partition reset C R --instance I", "partition reset C R P", "partition set-error C R P", "config set C",
            "config set C a",
            "config set C =b",
            "config set C a=b a=c", "config get C --scope participant", "config get C --scope resource",
            "config get C --name I", "config get C --scope world", "view C --state LEADER", "view C --partition P",
            "events C --since then", "events C --kind nonsense", "events C --limit -1", "events",
            "explain C R", "spectator C --source rumours", "controller", "controller C --session-timeout 0",
            "participant C", "participant C I --delay -1", "participant C I --fail OFFLINE",
            "participant C I --fail A-B-C", "placement", "plan C", "plan C --moves", "plan --drain I",
            "plan C --add-node I,zone", "plan C --add-node I,=a", "plan C --add-node a/b", "plan C --add-node ,zone=a",
            "plan C --replicas R", "plan C --replicas R=few", "plan C --replicas =1", "plan C --add-resource R:1",
            "plan C --add-resource R:0:1", "plan C --add-resource R:1:-1", "plan C --add-resource :1:1",
            "plan C --add-resource R:1:1:", "plan C --add-resource R:1:1:M:x", "plan C --weights I",
            "plan C --weights I:",
            "plan C --weights :cpu=1", "plan C --weights I:cpu", "plan C --weights I:cpu=-1",
            "plan C --weights I:cpu=1,cpu=2",
        ])
    func refuses(line: String) throws {
        let error = try #require(throws: (any Error).self) { _ = try parse(line) }
        #expect(Helix.exitCode(for: error).rawValue == 64)
        #expect(!Helix.message(for: error).isEmpty)
    }

    @Test("has help with an example for every command")
    func help() throws {
        func leaves(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
            let below =
                command.configuration.subcommands + command.configuration.groupedSubcommands.flatMap(\.subcommands)
            return below.isEmpty ? [command] : below.flatMap(leaves)
        }
        let commands = leaves(Helix.self)
        #expect(commands.count > 35)
        for command in commands {
            #expect(!command.configuration.abstract.isEmpty, "\(command)")
            #expect(command.configuration.discussion.contains("EXAMPLE"), "\(command)")
            #expect(command.configuration.discussion.contains("helix "), "\(command)")
        }
    }

    @Test("reads what is given")
    func values() throws {
        let add = try #require(
            try parse("resource add C R --partitions 3 --replicas ANY_LIVEINSTANCE --state-model M --mode CUSTOMIZED")
                as? ResourceCommand.Add)
        #expect((add.target.cluster, add.target.resource) == ("C", "R"))
        #expect(add.replicas == .anyLiveInstance)
        #expect(add.mode == .customized)
        #expect(add.common.output.format == .text)

        let participant = try #require(
            try parse("participant C I --fail OFFLINE-SLAVE --format json") as? ParticipantCommand)
        #expect(participant.fail.map(\.transition) == [Transition("OFFLINE", to: "SLAVE")])
        #expect(participant.output.format == .json)

        let spectator = try #require(try parse("spectator C --source target-external-view") as? SpectatorCommand)
        #expect(spectator.source == .targetExternalView)

        let set = try #require(try parse("config set C DOMAIN=zone=a,host=b") as? ConfigCommand.Set)
        #expect(set.fields.map(\.key) == ["DOMAIN"])
        #expect(set.fields.map(\.value) == ["zone=a,host=b"])
    }

    @Test(
        "shows replicas and sources as they are written", arguments: [IdealState.Replicas.count(3), .anyLiveInstance])
    func replicas(replicas: IdealState.Replicas) {
        #expect(IdealState.Replicas(argument: replicas.text) == replicas)
    }

    @Test("knows every source by one name")
    func sources() {
        for name in RoutingSource.allValueStrings {
            #expect(RoutingSource(argument: name)?.defaultValueDescription == name)
        }
        #expect(RoutingSource.allValueStrings.count == 3)
    }
}
