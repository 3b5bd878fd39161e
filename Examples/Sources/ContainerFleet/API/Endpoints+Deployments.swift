import FleetJobs
import FleetMaster
import Hummingbird

extension Endpoint {
    static let deployments = [
        Endpoint(.get, "/v1/deployments", .reader) { call in
            try Answer.json(call.fleet.deployments().map(DeploymentBody.init))
        },
        Endpoint(.post, "/v1/deployments", .operator) { call in
            let wish = try await wish(call)
            return try Answer.json(DeploymentBody(try await call.fleet.deploy(wish, user: call.user)), .created)
        },
        Endpoint(.get, "/v1/deployments/{name}", .reader) { call in
            let name = try call.part("name")
            guard let found = call.fleet.deployments().first(where: { $0.name == name }) else {
                throw FleetError(.deploymentNotFound, "there is no deployment “\(name)”", cure: "list the deployments")
            }
            return try Answer.json(DeploymentBody(found))
        },
        Endpoint(.patch, "/v1/deployments/{name}", .operator) { call in
            let (name, body) = (try call.part("name"), try await call.body(EditBody.self))
            let present = call.fleet.view.deployments[name]?.value.policy ?? RolloutPolicy()
            let changed = try await call.fleet.edit(
                name, selectors: body.selectors, hosts: body.hosts, policy: body.policy?.applied(to: present),
                token: call.token, user: call.user)
            return try Answer.json(DeploymentBody(changed))
        },
        Endpoint(.delete, "/v1/deployments/{name}", .operator) { call in
            let left = try await call.fleet.undeploy(
                call.part("name"), hosts: call.queries("host"), token: call.token, user: call.user)
            return try Answer.json(DeploymentBody(left), .accepted)
        },
        Endpoint(.post, "/v1/deployments/{name}/release", .operator) { call in
            let parts = try await call.fleet.release(call.part("name"), token: call.token, user: call.user)
            return try Answer.json(parts.map(DeploymentBody.init))
        },
        Endpoint(.post, "/v1/deployments/{name}/goal", .operator) { call in
            let goal = try await call.body(GoalBody.self)
            let changed = try await call.fleet.setGoal(
                call.part("name"), started: goal.started, hosts: goal.hosts, token: call.token, user: call.user)
            return try Answer.json(DeploymentBody(changed))
        },
        Endpoint(.post, "/v1/deployments/{name}/scale", .operator) { call in
            let count = try await call.body(ScaleBody.self).replicas
            let changed = try await call.fleet.scale(
                call.part("name"), to: count, token: call.token, user: call.user)
            return try Answer.json(DeploymentBody(changed))
        },
        Endpoint(.get, "/v1/deployments/{name}/wait", .reader) { call in
            let seconds = min(3_600, max(0, try call.number("timeout") ?? 60))
            let outcome = try await call.fleet.wait(
                call.part("name"), generation: Int(try call.number("generation") ?? 0), timeout: .seconds(seconds))
            return try Answer.json(outcome)
        },
    ]

    static let rollouts = [
        Endpoint(.get, "/v1/deployments/{name}/rollout", .reader) { call in
            try Answer.json(call.fleet.rolloutStatus(call.part("name")))
        },
        Endpoint(.post, "/v1/deployments/{name}/rollout", .operator) { call in
            let body = try await call.body(RolloutBody.self)
            let changed = try await call.fleet.rollOut(
                body.job, in: call.part("name"), policy: try await policy(body.policy, of: body.job, call),
                migrates: body.migrate ?? false, token: call.token, index: body.index, user: call.user,
                reason: body.reason ?? "")
            return try Answer.json(DeploymentBody(changed), .accepted)
        },
        Endpoint(.post, "/v1/deployments/{name}/pause", .operator) { call in
            let changed = try await call.fleet.pause(call.part("name"), token: call.token, user: call.user)
            return try Answer.json(DeploymentBody(changed))
        },
        Endpoint(.post, "/v1/deployments/{name}/resume", .operator) { call in
            let changed = try await call.fleet.resume(call.part("name"), token: call.token, user: call.user)
            return try Answer.json(DeploymentBody(changed))
        },
        Endpoint(.post, "/v1/deployments/{name}/rollback", .operator) { call in
            let isEmpty = try await call.bytes().readableBytes == 0
            let body = isEmpty ? RollbackBody() : try await call.body(RollbackBody.self)
            let changed = try await call.fleet.rollBack(
                call.part("name"), to: body.generation, token: call.token, user: call.user)
            return try Answer.json(DeploymentBody(changed), .accepted)
        },
    ]

    static let plans = [
        Endpoint(.post, "/v1/plans/deploy", .reader) { call in
            try Answer.json(try await call.fleet.plan(try await wish(call), user: call.user))
        },
        Endpoint(.post, "/v1/plans/rollout/{name}", .reader) { call in
            let body = try await call.body(RolloutBody.self)
            let policy = try await policy(body.policy, of: body.job, call)
            return try Answer.json(
                try await call.fleet.plan(
                    rollOut: body.job, in: call.part("name"), policy: policy, migrates: body.migrate ?? false))
        },
        Endpoint(.post, "/v1/plans/scale/{name}", .reader) { call in
            let count = try await call.body(ScaleBody.self).replicas
            return try Answer.json(try call.fleet.plan(scale: call.part("name"), to: count))
        },
    ]

    private static func wish(_ call: APICall) async throws -> DeployRequest {
        let body = try await call.body(DeployBody.self)
        let base = body.policy == nil ? nil : RolloutPolicy(try await call.fleet.job(body.job).rollout)
        return try body.request(call.token, policy: base)
    }

    private static func policy(
        _ body: PolicyBody?, of job: String, _ call: APICall
    ) async throws -> RolloutPolicy? {
        guard let body else { return nil }
        return body.applied(to: RolloutPolicy(try await call.fleet.job(job).rollout))
    }
}
