import Foundation
import TestSupport
import Testing

@testable import helix

/// A place of its own in a real ZooKeeper, and the command run against it.
struct Stand: Sendable {
    let zooKeeper: String

    init() async throws { zooKeeper = try await SharedZooKeeper.connectText() }

    /// Runs a command whose words are separated by spaces.
    func run(_ line: String) async throws -> HelixBinary.Result {
        try await HelixBinary.run(line.split(separator: " ").map(String.init), zooKeeper: zooKeeper)
    }

    /// Runs a command that must succeed.
    @discardableResult
    func done(_ line: String) async throws -> HelixBinary.Result {
        let result = try await run(line)
        guard result.code == 0 else {
            throw Unexpected(description: "helix \(line): exit code \(result.code)\n\(result.output)\(result.errors)")
        }
        return result
    }

    func start(_ line: String) throws -> RunningCommand {
        try HelixBinary.start(line.split(separator: " ").map(String.init), zooKeeper: zooKeeper)
    }
}

@Suite("Administration by command", .timeLimit(.minutes(5)))
struct AdministrationTests {
    @Test("sets a cluster up, and takes it down")
    func clusters() async throws {
        let stand = try await Stand()
        #expect(try await stand.done("cluster list").output.isEmpty)
        #expect(try await stand.done("cluster create orders").lines == ["cluster orders created"])
        #expect(try await stand.done("cluster create orders").output.contains("complete already"))
        #expect(try await stand.done("cluster list --format json").json() as? [String] == ["orders"])
        try await stand.done("cluster disable orders --reason rebuilding")
        #expect(try await stand.done("cluster describe orders").output.contains("no (rebuilding)"))
        try await stand.done("cluster enable orders")
        try await stand.done("cluster rebalance orders")
        try await stand.done("cluster enter-maintenance orders --reason moving")
        let json = try #require(
            try await stand.done("cluster describe orders --format json").json() as? [String: Any])
        #expect(json["isEnabled"] as? Bool == true)
        #expect(json["isInMaintenance"] as? Bool == true)
        #expect(json["maintenanceReason"] as? String == "moving")
        #expect(json["maintenanceTrigger"] as? String == "USER")
        try await stand.done("cluster exit-maintenance orders")
        try await stand.done("cluster delete orders")
        #expect(try await stand.done("cluster list").output.isEmpty)
    }

    @Test("adds, changes and drops instances")
    func instances() async throws {
        let stand = try await Stand()
        try await stand.done("cluster create orders")
        try await stand.done("instance add orders n1_1 --tag ssd --host 10.0.0.1 --port 99")
        try await stand.done("instance add orders n2:2")
        #expect(
            try await stand.done("instance list orders").lines == [
                "INSTANCE  ALIVE  OPERATION  ADDRESS      TAGS", "n1_1      no     ENABLE     10.0.0.1:99  ssd",
                "n2_2      no     ENABLE     n2:2",
            ])
        #expect(try await stand.done("instance tag orders n1_1 --add hdd --remove ssd").output.contains("hdd"))
        try await stand.done("instance disable orders n1_1 --reason worn")
        let described = try await stand.done("instance describe orders n1_1").output
        #expect(described.contains("DISABLE (worn)"))
        #expect(described.contains("10.0.0.1:99"))
        try await stand.done("instance enable orders n1_1")
        try await stand.done("instance operate orders n2_2 EVACUATE")
        let list = try #require(
            try await stand.done("instance list orders --format json").json() as? [[String: Any]])
        #expect(list.map { $0["operation"] as? String } == ["ENABLE", "EVACUATE"])
        #expect(try await stand.done("instance list orders --tag hdd").lines.count == 2)
        try await stand.done("instance drop orders n2_2")
        #expect(try await stand.done("instance list orders").lines.count == 2)
    }

    @Test("adds, changes and drops resources")
    func resources() async throws {
        let stand = try await Stand()
        try await stand.done("cluster create orders")
        for number in 1...3 { try await stand.done("instance add orders n\(number)_1") }
        try await stand.done("resource add orders Auto --partitions 4 --replicas 2 --state-model MasterSlave")
        try await stand.done(
            "resource add orders Semi --partitions 3 --replicas 2 --state-model MasterSlave --mode SEMI_AUTO")
        #expect(try await stand.done("resource list orders").lines == ["Auto", "Semi"])
        let semi = try #require(
            try await stand.done("resource describe orders Semi --format json").json() as? [String: Any])
        let partitions = try #require(semi["partitions"] as? [[String: Any]])
        #expect(partitions.map { ($0["preferenceList"] as? [String])?.count } == [2, 2, 2])
        #expect(
            try await stand.done("resource rebalance orders Semi --replicas 3").output
                .contains("3 partitions with 3 replicas"))
        #expect(try await stand.done("resource rebalance orders Semi").output.contains("with 3 replicas"))
        try await stand.done("resource disable orders Auto")
        #expect(try await stand.done("resource describe orders Auto").output.contains("enabled      no"))
        try await stand.done("resource enable orders Auto")
        try await stand.done("partition disable orders Semi Semi_0 Semi_1 --instance n1_1")
        try await stand.done("partition enable orders Semi Semi_0 --instance n1_1")
        #expect(try await stand.done("resource reset orders Semi").output.contains("nothing was reset"))
        try await stand.done("resource drop orders Semi")
        #expect(try await stand.done("resource list orders").lines == ["Auto"])
    }

    @Test("checks, adds and shows state models")
    func stateModels() async throws {
        let stand = try await Stand()
        try await stand.done("cluster create orders")
        let directory = FileManager.default.temporaryDirectory.appending(path: "models-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: directory) } }
        let json = try await stand.done("state-model show orders MasterSlave --format json").output
        let (sound, faulty) = (directory.appending(path: "sound.json"), directory.appending(path: "faulty.json"))
        try json.replacing("MasterSlave", with: "Mine").write(to: sound, atomically: true, encoding: .utf8)
        try json.replacing(#""INITIAL_STATE" : "OFFLINE""#, with: #""INITIAL_STATE" : "NOWHERE""#)
            .write(to: faulty, atomically: true, encoding: .utf8)

        // A check needs no ZooKeeper.
        let check = try await HelixBinary.run(["state-model", "check", sound.path])
        #expect((check.code, check.output) == (0, "state model Mine is sound\n"))
        let fault = try await HelixBinary.run(["state-model", "check", faulty.path])
        #expect(fault.code == 1)
        #expect(fault.output.contains("NOWHERE"))
        #expect(try await HelixBinary.run(["state-model", "check", "/no/such/file"]).code == 1)

        try await stand.done("state-model add orders \(sound.path)")
        #expect(try await stand.done("state-model list orders").lines.contains("Mine"))
        #expect(try await stand.done("state-model show orders Mine --format mermaid").output.contains("stateDiagram"))
        let refused = try await stand.run("state-model add orders \(faulty.path) --replace")
        #expect(refused.code == 1)
        #expect(refused.errors.contains("NOWHERE"))
    }

    @Test("gets, sets and removes fields of configurations")
    func configurations() async throws {
        let stand = try await Stand()
        try await stand.done("cluster create orders --allow-auto-join")
        try await stand.done("instance add orders n1_1")
        #expect(try await stand.done("config get orders").lines == ["allowParticipantAutoJoin=true"])
        try await stand.done("config set orders mine=1 DELAY_REBALANCE_TIME=500")
        try await stand.done("config remove orders allowParticipantAutoJoin")
        #expect(
            try await stand.done("config get orders --format json").json() as? [String: String]
                == ["mine": "1", "DELAY_REBALANCE_TIME": "500"])
        try await stand.done("config set orders --scope participant --name n1_1 DOMAIN=zone=a,host=b")
        #expect(
            try await stand.done("config get orders --scope participant --name n1_1 DOMAIN").lines
                == ["DOMAIN=zone=a,host=b"])
        try await stand.done(
            "resource add orders R --partitions 1 --replicas 1 --state-model OnlineOffline")
        try await stand.done("config set orders --scope resource --name R mine=2")
        #expect(try await stand.done("config get orders --scope resource --name R").lines == ["mine=2"])
    }

    @Test(
        "refuses what makes no sense with exit code 1, and says on standard error what to do",
        arguments: [
            ("cluster describe nowhere", "there is no cluster nowhere"),
            ("cluster create a/b", "choose another name"),
            ("instance add nowhere n1_1", "there is no cluster"),
            ("instance drop orders n1_1", "there is no instance"),
            ("instance reset orders n1_1", "there is no instance"),
            ("resource add orders R --partitions 1 --replicas 1 --state-model Nope", "no state model Nope"),
            ("resource describe orders R", "there is no resource"),
            (
                "resource add orders R --partitions 1 --replicas 2 --state-model MasterSlave --mode SEMI_AUTO",
                "fewer replicas"
            ),
            ("config set orders allowParticipantAutoJoin=perhaps", "expected true or false"),
            ("config get orders nothing", "has no nothing"),
            ("cluster exit-maintenance orders", "not in maintenance"),
            ("state-model show orders Nope", "no state model Nope"),
            ("view nowhere", "there is no cluster"),
            ("view orders R", "there is no resource R"),
            ("spectator orders R", "there is no resource R"),
            ("explain orders R R_0", "there is no resource R"),
            ("controller nowhere", "not set up"),
            ("participant nowhere n1_1", "there is no cluster"),
            ("participant orders n1_1", "n1_1"),
        ])
    func refusals(line: String, message: String) async throws {
        let stand = try await Stand()
        try await stand.done("cluster create orders")
        let result = try await stand.run(
            line + (line.hasPrefix("co") || line.hasPrefix("p") ? " --log-level critical" : ""))
        #expect(result.code == 1)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test("says what to do when it does not know where ZooKeeper is")
    func noAddress() async throws {
        let result = try await HelixBinary.run(["cluster", "list"])
        #expect(result.code == 64)
        #expect(result.errors.contains("HELIX_ZOOKEEPER"))
        #expect(result.errors.contains("--zookeeper"))
    }

    @Test(
        "says so when ZooKeeper does not answer in time",
        arguments: ["cluster list", "controller c", "participant c i", "view c", "placement c", "plan c --drain i"])
    func noAnswer(line: String) async throws {
        let words = line.split(separator: " ").map(String.init)
        let result = try await HelixBinary.run(
            words + ["--zookeeper", "127.0.0.1:1", "--timeout", "0.3", "--log-level", "critical"])
        #expect(result.code == 1)
        #expect(result.errors.contains("no answer from ZooKeeper at 127.0.0.1:1 within 0.3 seconds"))
    }

    @Test("prefers the address of the command line to that of the environment, and works below its path")
    func addresses() async throws {
        let (here, there) = (try await Stand(), try await Stand())
        try await here.done("cluster create orders")
        let result = try await HelixBinary.run(
            ["cluster", "list", "--zookeeper", here.zooKeeper], zooKeeper: there.zooKeeper)
        #expect(result.lines == ["orders"])
        #expect(try await there.done("cluster list").output.isEmpty)
    }

    @Test("shows help and its version of usage on request")
    func help() async throws {
        let help = try await HelixBinary.run(["--help"])
        #expect(help.code == 0)
        #expect(help.output.contains("EXAMPLES"))
        #expect(try await HelixBinary.run(["instance", "add", "--help"]).output.contains("helix instance add orders"))
        let wrong = try await HelixBinary.run(["instance", "ad"])
        #expect(wrong.code == 64)
        #expect(wrong.errors.contains("Usage"))
    }
}
