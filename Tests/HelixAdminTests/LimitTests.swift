import HelixAdmin
import HelixRecords
import Testing

@Suite("Throttles and message constraints")
struct LimitTests {
    @Test("A throttle is set, replaced and removed, and the others stay")
    func throttles() async throws {
        let bench = try await Bench.withCluster()
        let administrator = bench.administrator
        try await administrator.setThrottle(ThrottleConfig(.cluster, .load, limit: 9), in: "c")
        try await administrator.setThrottle(ThrottleConfig(.instance, .any, limit: 2), in: "c")
        try await administrator.setThrottle(ThrottleConfig(.cluster, .load, limit: 0), in: "c")
        #expect(
            try await administrator.throttles(of: "c") == [
                ThrottleConfig(.instance, .any, limit: 2), ThrottleConfig(.cluster, .load, limit: 0),
            ])
        try await administrator.removeThrottle(.instance, .any, in: "c")
        #expect(try await administrator.throttles(of: "c") == [ThrottleConfig(.cluster, .load, limit: 0)])
        try await expectRefusal(.doesNotExist, by: bench) {
            try await administrator.removeThrottle(.instance, .any, in: "c")
        }
    }

    @Test(
        "A throttle that the controller could not honour is refused",
        arguments: [
            ThrottleConfig(.cluster, .any, limit: -1), ThrottleConfig(.partition, .any, limit: 1),
            ThrottleConfig(.cluster, .none, limit: 1),
        ])
    func badThrottles(throttle: ThrottleConfig) async throws {
        let bench = try await Bench.withCluster()
        try await expectRefusal(.invalidValue, by: bench) {
            try await bench.administrator.setThrottle(throttle, in: "c")
        }
        #expect(try await bench.administrator.throttles(of: "c") == [])
    }

    @Test("A message constraint is set, replaced and removed, and the others stay")
    func constraints() async throws {
        let bench = try await Bench.withCluster()
        let administrator = bench.administrator
        #expect(try await administrator.messageConstraints(of: "c") == [])
        let one = ClusterConstraints.Item(id: "a", attributes: [.instance: ".*"], limit: 3)
        let other = ClusterConstraints.Item(id: "b", attributes: [.resource: "db", .state: "MASTER"], limit: 1)
        try await administrator.setMessageConstraint(other, in: "c")
        try await administrator.setMessageConstraint(one, in: "c")
        #expect(try await administrator.messageConstraints(of: "c") == [one, other])
        try await administrator.removeMessageConstraint("a", in: "c")
        #expect(try await administrator.messageConstraints(of: "c") == [other])
        try await expectRefusal(.doesNotExist, by: bench) {
            try await administrator.removeMessageConstraint("a", in: "c")
        }
    }

    @Test(
        "A message constraint that means nothing is refused",
        arguments: [
            ClusterConstraints.Item(id: "", attributes: [.instance: ".*"], limit: 1),
            ClusterConstraints.Item(id: "a", attributes: [:], limit: 1),
            ClusterConstraints.Item(id: "a", attributes: [.instance: "node_("], limit: 1),
            ClusterConstraints.Item(id: "a", attributes: [.instance: ".*"], limit: -1),
        ])
    func badConstraints(item: ClusterConstraints.Item) async throws {
        let bench = try await Bench.withCluster()
        try await expectRefusal(.invalidValue, by: bench) {
            try await bench.administrator.setMessageConstraint(item, in: "c")
        }
        #expect(try await bench.administrator.messageConstraints(of: "c") == [])
    }
}
