import FleetJobs
import FleetMaster
import FleetModel
import HelixSimulation
import Testing

@Suite("Jobs are kept, deployed and removed")
struct FleetJobTests {
    @Test("a second job of one name and version is refused, and equal jobs have equal ids (AC1, AC9)")
    func twice() async throws {
        try await FleetStage.run(hosts: 0) { stage in
            let text = "name: web\nversion: 1\nimage: nginx\n"
            let id = try await stage.fleet.createJob(text, user: "ann")
            #expect(id.hash.count == 40)
            await expectRefusal(.jobAlreadyExists) { try await stage.fleet.createJob(text, user: "bob") }
            try await stage.until("the job is known") { !$0.fleet.jobs().isEmpty }
            #expect(stage.fleet.jobs()[0].creator == "ann")
            _ = try await stage.fleet.removeJob("web")
            #expect(try await stage.fleet.createJob(text, user: "eve") == id)
        }
    }

    @Test("a wrong hash and wrong fields are refused, all at once (AC8)")
    func invalid() async throws {
        try await FleetStage.run(hosts: 0) { stage in
            let text = "name: web\nversion: 1\nimage: nginx\n"
            await expectRefusal(.invalidJobDefinition) {
                try await stage.fleet.createJob(text, id: "web:1:0000000", user: "ann")
            }
            do {
                _ = try await stage.fleet.createJob("name: a b\nversion: 1\nimage: X!\nports: {a: 0}\n", user: "ann")
                Issue.record("it was accepted")
            } catch let error as FleetError {
                #expect(error.code == .invalidJobDefinition && error.problems.count == 3)
            }
        }
    }

    @Test("it is found by name, name and version, or id; by other text not (AC2)")
    func found() async throws {
        try await FleetStage.run(hosts: 0) { stage in
            let id = try await stage.job("1")
            _ = try await stage.job("1", name: "other")
            try await stage.until("both are known") { $0.fleet.jobs().count == 2 }
            for reference in ["web", "web:1", id.description] {
                #expect(stage.fleet.jobs(matching: reference).map(\.id) == [id])
            }
            #expect(stage.fleet.jobs(matching: "nothing").isEmpty)
            await expectRefusal(.jobNotFound) { try await stage.fleet.job("nothing") }
        }
    }

    @Test("one that is deployed is not removed; once undeployed it is, with its history (AC4, AC5, AC14)")
    func removal() async throws {
        try await FleetStage.run(hosts: 2) { stage in
            let id = try await stage.job("1")
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .hosts(["h0", "h1"])), user: "ann")
            try await stage.until("it runs") { $0.running(id) == ["h0", "h1"] }
            await expectRefusal(.stillInUse) { try await stage.fleet.removeJob("web") }
            _ = try await stage.fleet.undeploy("web-1", user: "ann")
            try await stage.until("it is gone") { $0.phase("web-1") == nil && $0.fleet.status().isEmpty }
            #expect(try await !stage.fleet.history(of: "web").isEmpty)
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .hosts(["h0"])), user: "ann")
            try await stage.until("it runs again") { $0.running(id) == ["h0"] }
            _ = try await stage.fleet.undeploy("web-1", user: "ann")
            try await stage.until("it is gone") { $0.phase("web-1") == nil }
            _ = try await stage.fleet.removeJob("web")
            await expectRefusal(.jobNotFound) { try await stage.fleet.removeJob("web") }
            #expect(try await stage.fleet.store.history(of: id).isEmpty)
        }
    }

    @Test("its token is asked for, and one that has none accepts none (AC16, AC72)", arguments: [true, false])
    func token(hasToken: Bool) async throws {
        try await FleetStage.run(hosts: 1) { stage in
            let (right, wrong): (String?, String?) = hasToken ? ("sesame", nil) : (nil, "sesame")
            let id = try await stage.job("1") { job in
                if hasToken { job.token = TokenHash(of: "sesame", salt: TokenHash.randomSalt()) }
            }
            var wish = DeployRequest("web", on: .hosts(["h0"]))
            wish.token = wrong
            await expectRefusal(.forbidden) { [wish] in try await stage.fleet.deploy(wish, user: "ann") }
            wish.token = right
            _ = try await stage.fleet.deploy(wish, user: "ann")
            try await stage.until("it runs") { $0.running(id) == ["h0"] }
            await expectRefusal(.forbidden) {
                try await stage.fleet.setGoal("web-1", started: false, token: wrong, user: "ann")
            }
            await expectRefusal(.forbidden) {
                try await stage.fleet.undeploy("web-1", token: wrong, user: "ann")
            }
            #expect(stage.running(id) == ["h0"])
            _ = try await stage.fleet.undeploy("web-1", token: right, user: "ann")
            try await stage.until("it is gone") { $0.phase("web-1") == nil }
            await expectRefusal(.forbidden) { try await stage.fleet.removeJob("web", token: wrong) }
            _ = try await stage.fleet.removeJob("web", token: right)
        }
    }

    @Test(
        "one that nobody has used for long is forgotten, by its last event, else by its creation (AC60)",
        arguments: [
            (used: false, event: 22, created: 0, isForgotten: true), (false, 40, 0, false), (true, 22, 0, false),
            (false, nil, 23, true), (false, nil, 25, false), (false, nil, nil, true),
        ] as [(Bool, Int64?, Int64?, Bool)])
    func retention(isUsed: Bool, event: Int64?, created: Int64?, isForgotten: Bool) {
        let hour: Int64 = 3_600_000
        var job = Job(name: "web", version: "1", image: "nginx")
        job.created = created.map { Moment(seconds: $0 * 3_600) }
        let retention = JobRetention(age: 24 * hour)
        let last = event.map { $0 * hour }
        #expect(retention.forgets(job, isUsed: isUsed, lastEvent: last, now: 48 * hour) == isForgotten)
    }

    @Test("a master forgets jobs that nobody uses, and keeps those that a deployment could go back to")
    func forgotten() async throws {
        try await FleetStage.run(hosts: 1, jobRetention: .seconds(2 * 3_600)) { stage in
            for version in ["1", "2"] { _ = try await stage.job(version) }
            _ = try await stage.job("1", name: "unused")
            _ = try await stage.fleet.deploy(DeployRequest("web:1", on: .everyHost), user: "ann")
            _ = try await stage.fleet.rollOut("web:2", in: "web", user: "ann")
            try await stage.until("the unused one is forgotten", within: .seconds(5 * 3_600), every: .seconds(60)) {
                $0.fleet.jobs().map(\.id.nameAndVersion) == ["web:1", "web:2"]
            }
        }
    }

    @Test("one whose time is over is undeployed, and removed (AC13)")
    func expiry() async throws {
        try await FleetStage.run(hosts: 1) { stage in
            let expires = Moment(seconds: stage.cluster.simulation.milliseconds / 1_000 + 10)
            let id = try await stage.job("1") { $0.expires = expires }
            _ = try await stage.fleet.deploy(DeployRequest("web", on: .everyHost), user: "ann")
            try await stage.until("it runs") { $0.running(id) == ["h0"] }
            try await stage.until("it is gone", within: .seconds(20)) { $0.fleet.jobs().isEmpty }
            #expect(stage.fleet.deployments().isEmpty && stage.fleet.status().isEmpty)
        }
    }
}

/// Expects a request to be refused with a code.
func expectRefusal<Value>(
    _ code: FleetError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ request: () async throws -> Value
) async {
    do {
        _ = try await request()
        Issue.record("it was not refused, expected \(code)", sourceLocation: sourceLocation)
    } catch let error as FleetError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
}
