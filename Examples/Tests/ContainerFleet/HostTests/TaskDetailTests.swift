import FleetAgent
import FleetHost
import FleetModel
import Foundation
import Testing

@Suite("What the cluster is told of a task")
struct TaskDetailTests {
    @Test("a report's facts come through, short, and only those that say something")
    func detail() throws {
        let record = TaskRecord(id: "t", spec: TaskSpec(image: "i"), goal: .running)
        var report = TaskSupervisor(record, at: AgentTime(elapsed: .zero, calendar: 0)).report
        report.phase = .pullingImage
        report.container = "0123456789abcdef"
        report.pulled = try JSONDecoder().decode(PullShare.self, from: Data(#"{"done": 1, "total": 3}"#.utf8))
        let quiet = TaskDetail(report)
        #expect(quiet.text == #"{"container":"0123456789ab","phase":"PULLING_IMAGE","pulled":33}"#)
        report.throttle = .flapping
        report.ports = ["http": 80]
        report.exitCode = 3
        report.restarts = 2
        let loud = TaskDetail(report, agent: "h:1")
        #expect(loud.throttle == "FLAPPING" && loud.ports == ["http": 80] && loud.exit == 3 && loud.restarts == 2)
        #expect(TaskDetail(text: loud.text) == loud)
        #expect(loud.agent == "h:1")
    }
}
