import FleetMaster
import FleetModel
import Hummingbird

extension Endpoint {
    static let hosts = [
        Endpoint(.get, "/v1/hosts", .reader) { call in
            let hosts = try call.fleet.hosts(
                call.query("prefix") ?? "", matching: call.queries("selector") ?? [])
            let rows = Dictionary(grouping: call.fleet.status(), by: \.host)
            return try Answer.json(
                hosts.map { host in
                    var body = HostBody(host)
                    body.tasks = rows[host.name]?.count ?? 0
                    body.running = rows[host.name]?.count { $0.state == TaskState.running } ?? 0
                    return body
                })
        },
        Endpoint(.put, "/v1/hosts/{host}", .operator) { call in
            let settings = try await call.body(HostSettings.self)
            try await call.fleet.register(
                call.part("host"),
                HostDescription(
                    labels: settings.labels ?? [:], cpus: settings.cpus, memory: settings.memory, zone: settings.zone))
            return Answer.done
        },
        Endpoint(.delete, "/v1/hosts/{host}", .operator) { call in
            try await call.fleet.deregister(call.part("host"))
            return Answer.done
        },
        Endpoint(.patch, "/v1/hosts/{host}/labels", .operator) { call in
            let labels = try await call.body(LabelsBody.self)
            let host = try await call.fleet.label(
                call.part("host"), set: labels.set ?? [:], removing: labels.remove ?? [])
            return try Answer.json(HostBody(host))
        },
        Endpoint(.post, "/v1/hosts/{host}/cordon", .operator) { call in
            try Answer.json(HostBody(try await call.fleet.cordon(call.part("host"))))
        },
        Endpoint(.post, "/v1/hosts/{host}/uncordon", .operator) { call in
            try Answer.json(HostBody(try await call.fleet.uncordon(call.part("host"))))
        },
        Endpoint(.post, "/v1/hosts/{host}/drain", .operator) { call in
            try Answer.json(HostBody(try await call.fleet.drain(call.part("host"), reason: "\(call.user) drains it")))
        },
    ]
}
