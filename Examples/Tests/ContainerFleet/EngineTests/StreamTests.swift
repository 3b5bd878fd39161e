import Foundation
import Testing

@testable import FleetEngine

private let framed: [UInt8] =
    [1, 0, 0, 0, 0, 0, 0, 6] + Array("hello\n".utf8) + [2, 0, 0, 0, 0, 0, 0, 0]
    + [2, 0, 0, 0, 0, 0, 1, 4] + [UInt8](repeating: 65, count: 260)

private let written = "{\"a\":\"}{\"}\r\n{\"b\":[{\"c\":\"\\\"]\\\\\"}]}{}\n\u{1e}{\"ü\":1}\n"

@Suite("What is taken out of a stream")
struct StreamTests {
    @Test("is the same wherever frames are split", arguments: 0...framed.count)
    func frames(cut: Int) throws {
        var decoder = FrameDecoder()
        var chunks = try decoder.decode(framed[..<cut])
        chunks += try decoder.decode(framed[cut...])
        #expect(decoder.isBetweenFrames)
        #expect(Self.joined(chunks, .output) == "hello\n")
        #expect(Self.joined(chunks, .error) == String(repeating: "A", count: 260))
    }

    @Test("is the same when frames come byte by byte, and is there before the frame is")
    func bytewise() throws {
        var decoder = FrameDecoder()
        var chunks: [OutputChunk] = []
        for byte in framed { chunks += try decoder.decode([byte]) }
        #expect(Self.joined(chunks, .output) == "hello\n")
        #expect(try decoder.decode(framed.prefix(10)).map(\.text) == ["he"])
        #expect(!decoder.isBetweenFrames)
    }

    @Test(
        "is nothing where there are no frames",
        arguments: [
            Array("hello, world".utf8), [3, 0, 0, 0, 0, 0, 0, 1], [1, 0, 1, 0, 0, 0, 0, 1], [1, 0, 0, 0, 255, 0, 0, 1],
        ])
    func noFrames(bytes: [UInt8]) {
        var decoder = FrameDecoder()
        #expect { try decoder.decode(bytes) } throws: { ($0 as? EngineError)?.kind == .malformedAnswer }
    }

    @Test("are objects, wherever they are split", arguments: 0...written.utf8.count)
    func objects(cut: Int) throws {
        let bytes = Array(written.utf8)
        var splitter = ObjectSplitter()
        let objects = try splitter.split(bytes[..<cut]) + splitter.split(bytes[cut...])
        #expect(
            objects.map { String(decoding: $0, as: UTF8.self) }
                == ["{\"a\":\"}{\"}", "{\"b\":[{\"c\":\"\\\"]\\\\\"}]}", "{}", "{\"ü\":1}"])
        #expect(splitter.isBetweenObjects)
    }

    @Test("is refused where no object begins, and noticed where one does not end")
    func broken() throws {
        var splitter = ObjectSplitter()
        #expect { try splitter.split(Array("<html>".utf8)) } throws: { ($0 as? EngineError)?.kind == .malformedAnswer }
        var other = ObjectSplitter()
        #expect(try other.split(Array("{\"a\":".utf8)).isEmpty)
        #expect(!other.isBetweenObjects)
    }

    private static func joined(_ chunks: [OutputChunk], _ source: OutputChunk.Source) -> String {
        String(decoding: chunks.filter { $0.source == source }.flatMap(\.bytes), as: UTF8.self)
    }
}

@Suite("An event")
struct EventTests {
    @Test("is the same from Docker and from Podman, old and new")
    func shapes() throws {
        let docker = #"""
            {"status":"die","id":"c1","from":"web:1","Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":
            {"exitCode":"137","image":"web:1","name":"a"}},"scope":"local","time":5,"timeNano":5000000007}
            """#
        let newest = #"""
            {"Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{"exitCode":"137","image":"web:1",
            "name":"a"}},"scope":"local","time":5,"timeNano":5000000007}
            """#
        let podman = #"""
            {"status":"died","id":"c1","from":"web:1","Type":"container","Action":"died","Actor":{"ID":"c1",
            "Attributes":{"containerExitCode":"137","name":"a"}},"timeNano":5000000007}
            """#
        for text in [docker, newest, podman] {
            let event = try #require(Payload.decode(EventBody.self, Array(text.utf8)).event)
            #expect((event.type, event.action, event.id, event.time) == ("container", "die", "c1", 5_000_000_007))
            #expect(event.exitCode == 137)
            #expect(event.attributes["image"] == "web:1")
        }
    }

    @Test("has what follows its action apart")
    func details() throws {
        let health = try #require(
            Payload.decode(EventBody.self, Array(#"{"Action":"health_status: healthy","time":5}"#.utf8)).event)
        #expect((health.action, health.detail, health.time) == ("health_status", "healthy", 5_000_000_000))
        let exec = try #require(
            Payload.decode(EventBody.self, Array(#"{"Action":"exec_create: sh -c a:b"}"#.utf8)).event)
        #expect((exec.action, exec.detail) == ("exec_create", "sh -c a:b"))
        #expect(try Payload.decode(EventBody.self, Array("{}".utf8)).event == nil)
    }
}

@Suite("A sample")
struct SampleTests {
    @Test("tells the use of processors from the one before")
    func arithmetic() {
        let first = ContainerSample(processorTime: 1_000, systemTime: 10_000, processors: 4)
        let second = ContainerSample(processorTime: 1_500, systemTime: 12_000, processors: 4)
        #expect(second.processorPercent(since: first) == 100)
        #expect(second.processorPercent(since: second) == nil)
        #expect(first.processorPercent(since: second) == nil)
    }

    @Test(
        "leaves out of memory what the kernel may drop, whatever the version of cgroups",
        arguments: [
            #"{"memory_stats":{"usage":100,"limit":200,"stats":{"total_inactive_file":30,"inactive_file":5}}}"#,
            #"{"memory_stats":{"usage":100,"limit":200,"stats":{"inactive_file":30}}}"#,
        ])
    func memory(text: String) throws {
        let sample = try Payload.decode(StatsAnswer.self, Array(text.utf8)).sample
        #expect((sample.memory, sample.memoryLimit) == (70, 200))
    }

    @Test("counts processors where their number is not given, and bears nulls")
    func old() throws {
        let text = #"""
            {"cpu_stats":{"cpu_usage":{"total_usage":7,"percpu_usage":[3,4]},"system_cpu_usage":9},"memory_stats":{},
            "networks":{"eth0":{"rx_bytes":1,"tx_bytes":2},"eth1":{"rx_bytes":10,"tx_bytes":20}},"pids_stats":null}
            """#
        let sample = try Payload.decode(StatsAnswer.self, Array(text.utf8)).sample
        #expect(
            sample == ContainerSample(processorTime: 7, systemTime: 9, processors: 2, received: 11, sent: 22))
    }
}
