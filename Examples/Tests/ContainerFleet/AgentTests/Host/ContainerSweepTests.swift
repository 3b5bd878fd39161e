import FleetEngine
import Testing

@testable import FleetAgent

@Suite("Containers that are to go")
struct ContainerSweepTests {
    static let host = HostConfiguration(cluster: "c", host: "h")

    private func container(
        _ id: String, task: String? = "web_0", _ status: ContainerState.Status, cluster: String = "c",
        host: String = "h",
        name: String = "x"
    ) -> ContainerSummary {
        var labels = [FleetLabel.cluster: cluster, FleetLabel.host: host]
        labels[FleetLabel.task] = task
        return ContainerSummary(id: id, name: name, image: "i", labels: task == nil ? [:] : labels, status: status)
    }

    private func sweep(_ containers: ContainerSummary..., idle: [String: Duration] = [:]) -> ContainerSweep {
        ContainerSweep(containers, of: Self.host, tasks: ["web_0"], idle: idle)
    }

    @Test("what runs without belonging to a task is killed, by its labels or its name")
    func killed() {
        let sweep = sweep(
            container("a", .running), container("b", task: "gone_0", .running),
            container("c", task: nil, .running, name: "fleet-h-something"),
            container("d", task: nil, .paused, name: "fleet-h-paused"))
        #expect(sweep.killed == ["b", "c", "d"])
        #expect(sweep.removed == [])
    }

    @Test("what belongs to others is left alone, however it is called")
    func others() {
        let sweep = sweep(
            container("a", task: "x", .running, cluster: "other", name: "fleet-h-a"),
            container("b", task: "x", .running, host: "h2", name: "fleet-h-b"),
            container("c", task: nil, .running, name: "database"),
            container("d", task: nil, .running, name: "fleet-h2-d"))
        #expect(sweep.killed == [] && sweep.removed == [])
    }

    @Test("what ended long ago is removed, but for the last container of a task")
    func retention() {
        let old = Duration.seconds(3_600)
        let sweep = sweep(
            container("a", .exited), container("b", .exited), container("c", .exited),
            container("d", task: "gone", .exited),
            container("e", task: "gone", .exited), idle: ["a": old, "b": old, "c": .seconds(1), "d": old])
        #expect(sweep.removed == ["b", "d"])
    }

    @Test("only so many of a task are kept, and what was never started is not counted")
    func count() {
        let sweep = sweep(
            container("a", .created), container("b", .running), container("c", .exited), container("d", .exited),
            container("e", .exited), container("f", .exited))
        #expect(sweep.removed == ["f"])
    }
}
