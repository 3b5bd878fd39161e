import FleetEngine
import Foundation
import Testing

@testable import FleetAgent

@Suite("The directory of an agent's state")
struct AgentDiskTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "agent-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    static let record: TaskRecord = {
        var spec = TaskSpec(image: "web:1", command: ["serve", "--all"])
        spec.environment = ["A": "b"]
        spec.ports = ["http": Port(80), "dns": Port(53, outside: 53, transport: .udp)]
        spec.volumes = [Volume("/data", at: "/d", isReadOnly: true)]
        spec.secrets = ["/run/key": Secret("key")]
        spec.gate = HealthGate(.http(port: "http", path: "/"))
        spec.liveness = Liveness(.exec(["true"]))
        spec.restart = .onFailure(attempts: 3)
        spec.gracePeriod = .milliseconds(1_500)
        var record = TaskRecord(id: "shop.web.1.abcdef0_host/1", spec: spec, goal: .running)
        record.ports = ["http": 20_001, "dns": 53]
        record.ending = .init(isSuccess: false, exitCode: 3, reason: "ended")
        return record
    }()

    @Test("what was saved is there after a restart")
    func restart() throws {
        try withDirectory { path in
            do {
                let disk = try AgentDisk(at: path)
                try disk.save(TaskRecord(id: ".b", spec: TaskSpec(image: "b"), goal: .stopped))
                try disk.save(Self.record)
                try disk.save(TaskRecord(id: "gone", spec: TaskSpec(image: "b"), goal: .stopped))
                try disk.forget("gone")
                try disk.forget("never known")
            }
            let disk = try AgentDisk(at: path)
            #expect(try disk.records().map(\.id) == [".b", Self.record.id])
            #expect(try disk.records()[1] == Self.record)
            #expect(disk.spoiltFiles == [])
        }
    }

    @Test("a second agent is refused as long as the first lives")
    func lock() throws {
        try withDirectory { path in
            let first = try AgentDisk(at: path)
            let error = #expect(throws: AgentDiskError.self) { try AgentDisk(at: path) }
            #expect(error?.description.contains("is in use by another agent") == true)
            withExtendedLifetime(first) {}
        }
    }

    @Test("the agent of one cluster does not join another")
    func cluster() throws {
        try withDirectory { path in
            let disk = try AgentDisk(at: path)
            #expect(try disk.clusterID() == nil)
            try disk.join(cluster: "blue")
            try disk.join(cluster: "blue")
            #expect(try disk.clusterID() == "blue")
            let error = #expect(throws: AgentDiskError.self) { try disk.join(cluster: "green") }
            #expect(error?.description.contains("belongs to the cluster blue, not to green") == true)
        }
    }

    @Test("a file that is not a record is kept aside and named; its task is not judged", arguments: ["", "{", "{}"])
    func spoilt(_ content: String) throws {
        try withDirectory { path in
            let disk = try AgentDisk(at: path)
            try disk.save(Self.record)
            let file = "\(path)/tasks/web%2f0.json"
            try content.write(toFile: file, atomically: false, encoding: .utf8)
            #expect(try disk.records().map(\.id) == [Self.record.id])
            #expect(disk.spoiltFiles.count == 1)
            #expect(disk.spoiltFiles.first?.contains("kept as \(file).spoilt") == true)
            #expect(disk.unreadableTasks == ["web/0"])
            #expect(try String(contentsOfFile: file + ".spoilt", encoding: .utf8) == content)
        }
    }

    @Test("what a crash left half written is not read")
    func halfWritten() throws {
        try withDirectory { path in
            let disk = try AgentDisk(at: path)
            try "{".write(toFile: "\(path)/tasks/.web_0.json.new", atomically: false, encoding: .utf8)
            #expect(try disk.records().isEmpty)
            #expect(disk.spoiltFiles == [])
        }
    }
}

extension String {
    fileprivate func write(toFile path: String, atomically: Bool, encoding: String.Encoding) throws {
        try write(to: URL(filePath: path), atomically: atomically, encoding: encoding)
    }
}
