import FleetJobs
import FleetMaster
import Hummingbird

extension Endpoint {
    /// What is to be known of the master itself.
    static let about = [
        Endpoint(.get, "/v1/master", nil) { call in
            let view = call.fleet.view
            return try Answer.json(
                MasterBody(
                    cluster: call.fleet.cluster, master: call.fleet.master, leader: view.leader,
                    ready: view.table != nil && view.leader != nil))
        },
        Endpoint(.get, "/v1/openapi.yaml", nil) { _ in
            Answer.text(String(decoding: PackageResources.openapi_yaml, as: UTF8.self), "application/yaml")
        },
    ]

    static let jobs = [
        Endpoint(.get, "/v1/jobs", .reader) { call in
            let jobs = call.fleet.jobs(matching: call.query("q") ?? "")
            let map = Dictionary(uniqueKeysWithValues: jobs.map { ($0.id.description, $0.document) })
            return Answer.text(Document.map(map).canonicalJSON, "application/json")
        },
        Endpoint(.post, "/v1/jobs", .operator) { call in
            let text = String(buffer: try await call.bytes())
            let id = try await call.fleet.createJob(text, id: call.query("id"), user: call.user)
            return try Answer.json(JobReference(id: id.description), .created)
        },
        Endpoint(.get, "/v1/jobs/{job}", .reader) { call in
            let job = try await call.fleet.job(call.part("job"))
            return Answer.text(job.document.canonicalJSON, "application/json")
        },
        Endpoint(.delete, "/v1/jobs/{job}", .operator) { call in
            let id = try await call.fleet.removeJob(call.part("job"), token: call.token)
            return try Answer.json(JobReference(id: id.description))
        },
        Endpoint(.get, "/v1/jobs/{job}/history", .reader) { call in
            try Answer.json(try await call.fleet.history(of: call.part("job")))
        },
    ]
}
