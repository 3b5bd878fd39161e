import Coordination
import HelixAdmin
import HelixRecords
import StateModels
import Testing

@Suite("Resources")
struct ResourceTests {
    private func bench(instances: Int = 3) async throws -> Bench {
        let bench = try await Bench.withCluster()
        for number in 0..<instances { try await bench.administrator.addInstance("n_\(number)", in: "c") }
        return bench
    }

    @Test("A new resource is what Helix's own tools write, and waits to be rebalanced")
    func golden() async throws {
        let bench = try await bench()
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 2, stateModel: "MasterSlave"), in: "c")
        #expect(
            try await bench.record("/c/IDEALSTATES/R")
                == ZNRecord(
                    id: "R",
                    simpleFields: [
                        "NUM_PARTITIONS": "2", "STATE_MODEL_DEF_REF": "MasterSlave",
                        "STATE_MODEL_FACTORY_NAME": "DEFAULT", "REBALANCE_MODE": "FULL_AUTO",
                        "IDEAL_STATE_MODE": "AUTO_REBALANCE", "REBALANCE_STRATEGY": "balanced", "REPLICAS": "0",
                    ]))
        try await bench.administrator.rebalance("R", in: "c", replicas: .count(3))
        let record = try await bench.record("/c/IDEALSTATES/R")
        #expect(record.simpleFields["REPLICAS"] == "3")
        #expect(record.listFields == ["R_0": [], "R_1": []])
        #expect(record.mapFields == ["R_0": [:], "R_1": [:]])
    }

    @Test("In SEMI_AUTO mode a rebalance writes even preference lists and states")
    func semiAuto() async throws {
        let bench = try await bench()
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 3, stateModel: "MasterSlave", replicas: .count(2), mode: .semiAuto),
            in: "c")
        let record = try await bench.record("/c/IDEALSTATES/R")
        #expect(record.simpleFields["IDEAL_STATE_MODE"] == "AUTO")
        #expect(
            record.listFields == ["R_0": ["n_0", "n_1"], "R_1": ["n_1", "n_2"], "R_2": ["n_2", "n_0"]])
        #expect(record.mapFields["R_0"] == ["n_0": "MASTER", "n_1": "SLAVE"])
    }

    @Test("In CUSTOMIZED mode every replica has its state, by the state model")
    func customized() async throws {
        let bench = try await bench()
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 1, stateModel: "OnlineOffline", replicas: .count(3), mode: .customized),
            in: "c")
        let record = try await bench.record("/c/IDEALSTATES/R")
        #expect(record.simpleFields["IDEAL_STATE_MODE"] == "CUSTOMIZED")
        #expect(record.mapFields["R_0"] == ["n_0": "ONLINE", "n_1": "ONLINE", "n_2": "ONLINE"])
    }

    @Test("Only instances that may serve, and have the tag, get replicas")
    func eligible() async throws {
        let bench = try await bench(instances: 5)
        for instance in ["n_0", "n_1", "n_3", "n_4"] {
            try await bench.administrator.addTags(["t"], to: instance, in: "c")
        }
        try await bench.administrator.setOperation(.evacuate, of: "n_0", in: "c")
        var settings = ResourceSettings(partitions: 6, stateModel: "MasterSlave", mode: .semiAuto)
        settings.instanceGroupTag = "t"
        try await bench.administrator.addResource("R", settings, in: "c")
        let lists = try await bench.administrator.rebalance("R", in: "c", replicas: .count(3)).preferenceLists
        #expect(Set(lists.values.joined()) == ["n_1", "n_3", "n_4"])
        try await expectRefusal(.tooFewInstances, ["4 replicas", "3 instances", "tag t"], by: bench) {
            try await bench.administrator.rebalance("R", in: "c", replicas: .count(4))
        }
    }

    @Test("ANY_LIVEINSTANCE in SEMI_AUTO mode is a list of its own")
    func anyLiveInstance() async throws {
        let bench = try await bench()
        try await bench.administrator.addResource(
            "R",
            ResourceSettings(partitions: 1, stateModel: "LeaderStandby", replicas: .anyLiveInstance, mode: .semiAuto),
            in: "c")
        #expect(try await bench.record("/c/IDEALSTATES/R").listFields == ["R_0": ["ANY_LIVEINSTANCE"]])
    }

    @Test("A rebalance that somebody gets in between starts again from what is there then")
    func interleaved() async throws {
        let bench = try await bench()
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 2, stateModel: "MasterSlave"), in: "c")
        let racing = InterferingSession(bench.session) { _ in
            try await bench.administrator.disableResource("R", in: "c")
        }
        racing.interfere(times: 1)
        let idealState = try await Administrator(session: racing).rebalance("R", in: "c", replicas: .count(2))
        #expect(!idealState.isEnabled)
        #expect(try await bench.record("/c/IDEALSTATES/R") == idealState.record)
    }

    @Test("Impossible resources are refused before anything is written")
    func refused() async throws {
        let bench = try await bench()
        let administrator = bench.administrator
        func add(_ name: String, _ settings: ResourceSettings) async throws {
            try await administrator.addResource(name, settings, in: "c")
        }
        try await expectRefusal(.doesNotExist, ["Unknown", "MasterSlave"], by: bench) {
            try await add("R", ResourceSettings(partitions: 1, stateModel: "Unknown"))
        }
        try await expectRefusal(.invalidValue, ["0 partitions"], by: bench) {
            try await add("R", ResourceSettings(partitions: 0, stateModel: "MasterSlave"))
        }
        try await expectRefusal(.invalidName, by: bench) {
            try await add("a/b", ResourceSettings(partitions: 1, stateModel: "MasterSlave"))
        }
        try await expectRefusal(.invalidValue, ["USER_DEFINED", "rebalancer"], by: bench) {
            try await add("R", ResourceSettings(partitions: 1, stateModel: "MasterSlave", mode: .userDefined))
        }
        try await expectRefusal(.invalidValue, ["TASK"], by: bench) {
            try await add("R", ResourceSettings(partitions: 1, stateModel: "MasterSlave", mode: .task))
        }
        try await expectRefusal(.tooFewInstances, by: bench) {
            try await add(
                "R",
                ResourceSettings(partitions: 1, stateModel: "MasterSlave", replicas: .count(4), mode: .semiAuto))
        }
        try await expectRefusal(.invalidValue, ["REPLICAS"], by: bench) {
            try await add("R", ResourceSettings(partitions: 1, stateModel: "MasterSlave", replicas: .count(-1)))
        }
        try await add("R", ResourceSettings(partitions: 1, stateModel: "MasterSlave"))
        try await expectRefusal(.alreadyExists, ["R"], by: bench) {
            try await add("R", ResourceSettings(partitions: 1, stateModel: "MasterSlave"))
        }
    }

    @Test("All settings reach the record")
    func settings() async throws {
        let bench = try await bench()
        var settings = ResourceSettings(partitions: 4, stateModel: "MasterSlave", mode: .userDefined)
        settings.rebalancer = "mine"
        settings.strategy = "balanced"
        settings.stateModelFactory = "F"
        settings.maxPartitionsPerInstance = 7
        settings.minActiveReplicas = 1
        settings.instanceGroupTag = "t"
        settings.rebalanceDelay = .seconds(5)
        let fields = try await bench.administrator.addResource("R", settings, in: "c").record.simpleFields
        #expect(fields["REBALANCER_CLASS_NAME"] == "mine")
        #expect(fields["REBALANCE_STRATEGY"] == "balanced")
        #expect(fields["STATE_MODEL_FACTORY_NAME"] == "F")
        #expect(fields["MAX_PARTITIONS_PER_INSTANCE"] == "7")
        #expect(fields["MIN_ACTIVE_REPLICAS"] == "1")
        #expect(fields["INSTANCE_GROUP_TAG"] == "t")
        #expect(fields["REBALANCE_DELAY"] == "5000")
        #expect(fields["REBALANCE_MODE"] == "USER_DEFINED" && fields["IDEAL_STATE_MODE"] == "AUTO")
    }

    @Test("A resource in buckets is written in parts, and read as a whole")
    func buckets() async throws {
        let bench = try await bench()
        var settings = ResourceSettings(
            partitions: 5, stateModel: "MasterSlave", replicas: .count(2), mode: .semiAuto)
        settings.bucketSize = 2
        try await bench.administrator.addResource("R", settings, in: "c")
        #expect(
            try await bench.session.children("/c/IDEALSTATES/R") == ["R_p0-p1", "R_p2-p3", "R_p4-p5"])
        #expect(try await bench.record("/c/IDEALSTATES/R").listFields.isEmpty)
        #expect(try await bench.record("/c/IDEALSTATES/R/R_p2-p3").listFields.keys.sorted() == ["R_2", "R_3"])
        try await bench.administrator.rebalance("R", in: "c", replicas: .count(3), prefix: "S")
        #expect(
            try await bench.session.children("/c/IDEALSTATES/R") == ["S_p0-p1", "S_p2-p3", "S_p4-p5"])
        let idealState = try await bench.administrator.describeResource("R", in: "c").idealState
        #expect(idealState.partitions == ["S_0", "S_1", "S_2", "S_3", "S_4"])
        #expect(idealState.preferenceLists["S_4"]?.count == 3)
        try await bench.administrator.dropResource("R", in: "c")
        #expect(try await bench.session.children("/c/IDEALSTATES") == [])
    }

    @Test("A resource is spread over buckets and put together again, and loses nothing")
    func spread() async throws {
        let bench = try await bench()
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 5, stateModel: "MasterSlave", replicas: .count(2), mode: .semiAuto),
            in: "c")
        let before = try await bench.administrator.describeResource("R", in: "c").idealState
        for (size, names) in [
            (2, ["R_p0-p1", "R_p2-p3", "R_p4-p5"]), (3, ["R_p0-p2", "R_p3-p5"]), (0, []),
        ] {
            #expect(try await bench.administrator.spreadResource("R", in: "c", bucketSize: size) == names.count)
            #expect(try await bench.session.children("/c/IDEALSTATES/R") == names)
            var after = try await bench.administrator.describeResource("R", in: "c").idealState
            #expect(after.bucketSize == size)
            after.record.simpleFields["BUCKET_SIZE"] = nil
            #expect(after == before)
        }
        try await expectRefusal(.invalidValue, ["-1"], by: bench) {
            try await bench.administrator.spreadResource("R", in: "c", bucketSize: -1)
        }
        try await bench.administrator.updateIdealState(of: "R", in: "c") {
            $0.rebalanceMode = .fullAuto
            $0.preferenceLists = ["odd": []]
        }
        try await expectRefusal(.invalidValue, ["odd"], by: bench) {
            try await bench.administrator.spreadResource("R", in: "c", bucketSize: 2)
        }
    }

    @Test("A resource that is larger than a transaction is added in buckets, and its head says so last")
    func large() async throws {
        let bench = try await bench()
        var settings = ResourceSettings(partitions: 30_000, stateModel: "MasterSlave", replicas: .count(2))
        settings.bucketSize = 1_000
        try await bench.administrator.addResource("R", settings, in: "c")
        #expect(try await bench.session.children("/c/IDEALSTATES/R").count == 30)
        #expect(try await bench.version("/c/IDEALSTATES/R") == 1)
        let idealState = try await bench.administrator.describeResource("R", in: "c").idealState
        #expect(idealState.partitions.count == 30_000 && idealState.numPartitions == 30_000)
        settings.bucketSize = 0
        settings.partitions = 70_000
        // Names compress well, so that this still fits.
        try await bench.administrator.addResource("S", settings, in: "c")
        #expect(try await bench.administrator.describeResource("S", in: "c").idealState.partitions.count == 70_000)
    }

    @Test("Enabling and disabling change one field, and keep what others wrote")
    func disable() async throws {
        let bench = try await bench()
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 1, stateModel: "MasterSlave"), in: "c")
        try await bench.administrator.updateIdealState(of: "R", in: "c") { $0.record.simpleFields["mine"] = "1" }
        try await bench.administrator.disableResource("R", in: "c")
        let record = try await bench.record("/c/IDEALSTATES/R")
        #expect(record.simpleFields["HELIX_ENABLED"] == "false" && record.simpleFields["mine"] == "1")
        try await bench.administrator.enableResource("R", in: "c")
        #expect(try await bench.administrator.describeResource("R", in: "c").idealState.isEnabled)
    }

    @Test("A change that would make the ideal state invalid is refused")
    func invalidChange() async throws {
        let bench = try await bench()
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 3, stateModel: "MasterSlave", replicas: .count(2), mode: .semiAuto),
            in: "c")
        try await expectRefusal(.invalidValue, ["preference list of R_0"], by: bench) {
            try await bench.administrator.updateIdealState(of: "R", in: "c") { $0.preferenceLists["R_0"] = ["n_0"] }
        }
        try await expectRefusal(.invalidValue, ["REBALANCE_MODE", "FULL_AUTO"], by: bench) {
            try await bench.administrator.updateIdealState(of: "R", in: "c") {
                $0.record.simpleFields["REBALANCE_MODE"] = "AUTO"
            }
        }
        try await expectRefusal(.invalidValue, ["OFFLINE-SLAVE_TIMEOUT", "\"soon\""], by: bench) {
            try await bench.administrator.updateIdealState(of: "R", in: "c") {
                $0.record.simpleFields["OFFLINE-SLAVE_TIMEOUT"] = "soon"
            }
        }
    }

    @Test("A dropped resource takes its configuration along")
    func drop() async throws {
        let bench = try await bench()
        try await bench.administrator.addResource(
            "R", ResourceSettings(partitions: 1, stateModel: "MasterSlave"), in: "c")
        try await bench.administrator.setConfig(["mine": "1"], of: .resource("R", cluster: "c"))
        #expect(try await bench.administrator.resources(in: "c") == ["R"])
        try await bench.administrator.dropResource("R", in: "c")
        #expect(try await bench.session.exists("/c/IDEALSTATES/R") == nil)
        #expect(try await bench.session.exists("/c/CONFIGS/RESOURCE/R") == nil)
        try await expectRefusal(.doesNotExist, ["R"], by: bench) {
            try await bench.administrator.dropResource("R", in: "c")
        }
        try await expectRefusal(.doesNotExist, ["R"], by: bench) {
            try await bench.administrator.rebalance("R", in: "c", replicas: .count(1))
        }
    }

    @Test(
        "The default assignment is even, for any numbers",
        arguments: [(1, 1, 1), (7, 3, 4), (10, 2, 3), (12, 3, 12), (64, 3, 5), (5, 3, 6), (100, 4, 9), (9, 5, 5)])
    func even(partitions: Int, replicas: Int, instances: Int) async throws {
        let bench = try await bench(instances: instances)
        let lists = try await bench.administrator.addResource(
            "R",
            ResourceSettings(
                partitions: partitions, stateModel: "MasterSlave", replicas: .count(replicas), mode: .semiAuto),
            in: "c"
        ).preferenceLists
        var (load, tops): ([String: Int], [String: Int]) = ([:], [:])
        for list in lists.values {
            #expect(Set(list).count == replicas)
            tops[list[0], default: 0] += 1
            for instance in list { load[instance, default: 0] += 1 }
        }
        func spread(_ counts: [String: Int]) -> Int {
            let all = (0..<instances).map { counts["n_\($0)"] ?? 0 }
            return (all.max() ?? 0) - (all.min() ?? 0)
        }
        #expect(spread(load) <= 1, "\(load)")
        #expect(spread(tops) <= 1, "\(tops)")
    }
}

@Suite("State models")
struct StateModelTests {
    private static let other = StateModel.onlineOffline

    @Test("A state model is added once; a different one of the same name only when it is to be replaced")
    func add() async throws {
        let bench = try await Bench.withCluster()
        let administrator = bench.administrator
        #expect(try await administrator.stateModel("LeaderStandby", in: "c") == .leaderStandby)
        let version = try await bench.version("/c/STATEMODELDEFS/LeaderStandby")
        try await administrator.addStateModel(.leaderStandby, in: "c")
        #expect(try await bench.version("/c/STATEMODELDEFS/LeaderStandby") == version)

        var changed = StateModel.leaderStandby.record
        changed.mapFields["LEADER.meta"] = ["count": "2"]
        try await bench.put("/c/STATEMODELDEFS/LeaderStandby", changed)
        try await expectRefusal(.alreadyExists, ["LeaderStandby", "replace"], by: bench) {
            try await administrator.addStateModel(.leaderStandby, in: "c")
        }
        try await administrator.addStateModel(.leaderStandby, in: "c", replacing: true)
        #expect(try await bench.record("/c/STATEMODELDEFS/LeaderStandby") == StateModel.leaderStandby.record)
    }

    @Test("A state model that is not there is named, with those that are")
    func missing() async throws {
        let bench = try await Bench.withCluster()
        try await expectRefusal(.doesNotExist, ["Mine", "LeaderStandby"], by: bench) {
            _ = try await bench.administrator.stateModel("Mine", in: "c")
        }
        #expect(try await bench.administrator.stateModels(in: "c").contains("MasterSlave"))
    }

    @Test("A definition is checked without being written")
    func check() async throws {
        let bench = try await Bench.withCluster()
        #expect(bench.administrator.problems(ofStateModel: StateModel.masterSlave.record) == [])
        #expect(!bench.administrator.problems(ofStateModel: ZNRecord(id: "Empty")).isEmpty)
        try await bench.put("/c/STATEMODELDEFS/Broken", ZNRecord(id: "Broken"))
        try await expectRefusal(.unreadableRecord, ["Broken"], by: bench) {
            try await bench.administrator.addResource(
                "R", ResourceSettings(partitions: 1, stateModel: "Broken"), in: "c")
        }
    }
}
