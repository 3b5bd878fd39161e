import Foundation
import Testing

@testable import FleetEngine

@Suite("The Engine's language")
struct WireTests {
    @Test("has a body for containers in which everything stands where it belongs")
    func createBody() throws {
        var spec = ContainerSpec(image: "web:1", command: ["serve", "-v"])
        spec.environment = ["b": "2", "a": "1=1"]
        spec.labels = ["some.label": "x", "Other": "y"]
        spec.ports = [
            PortMapping(80), PortMapping(80, hostPort: 8080, hostAddress: "127.0.0.1"), .init(53, transport: .udp),
        ]
        spec.mounts = [
            Mount(.host(path: "/srv"), at: "/data", isReadOnly: true), Mount(.volume(name: nil), at: "/v"),
            Mount(.memory(size: 1_024, mode: 0o700), at: "/t"),
        ]
        spec.limits = Limits(memory: 64 << 20, nanoCPUs: 500_000_000)
        spec.networkMode = "bridge"
        spec.addedCapabilities = ["NET_ADMIN"]
        spec.extraHosts = ["db": "10.0.0.1"]
        spec.stopTimeout = .milliseconds(1_500)
        spec.log = LogConfiguration(driver: "json-file", options: ["max-size": "1m"])
        let expected = #"""
            {"Cmd":["serve","-v"],"Env":["a=1=1","b=2"],"ExposedPorts":{"53/udp":{},"80/tcp":{}},"HostConfig":{
            "CapAdd":["NET_ADMIN"],"CapDrop":[],"Dns":[],"ExtraHosts":["db:10.0.0.1"],"Init":true,"LogConfig":{
            "Config":{"max-size":"1m"},"Type":"json-file"},"Memory":67108864,"MemorySwap":67108864,"Mounts":[
            {"ReadOnly":true,"Source":"/srv","Target":"/data","Type":"bind"},
            {"ReadOnly":false,"Target":"/v","Type":"volume"},
            {"ReadOnly":false,"Target":"/t","TmpfsOptions":{"Mode":448,"SizeBytes":1024},"Type":"tmpfs"}],
            "NanoCpus":500000000,"NetworkMode":"bridge","PortBindings":{"53/udp":[{"HostIp":"","HostPort":""}],
            "80/tcp":[{"HostIp":"","HostPort":""},{"HostIp":"127.0.0.1","HostPort":"8080"}]},
            "RestartPolicy":{"Name":"no"},"SecurityOpt":[]},"Image":"web:1","Labels":{"Other":"y","some.label":"x"},
            "StopTimeout":2,"Tty":false}
            """#
        #expect(try Payload.json(CreateBody(spec)).text == expected.replacing("\n", with: ""))
    }

    @Test("tells a container's state, without the values that stand for none")
    func inspect() throws {
        let text = #"""
            {"Id":"c1","Name":"/web","State":{"Status":"running","Running":true,"Pid":42,"ExitCode":0,"OOMKilled":false,
            "Error":"","StartedAt":"2026-01-02T03:04:05.6Z","FinishedAt":"0001-01-01T00:00:00Z","Health":{"Status":
            "starting"}},"Config":{"Image":"web:1","Labels":null,"Env":["A=1=2","B"],"Tty":false,"Hostname":"h"},
            "NetworkSettings":{"IPAddress":"10.9.9.9","Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"32768"}],
            "81/tcp":null},"Networks":{"bridge":{"IPAddress":"10.0.0.2"},"none":{"IPAddress":""}}}}
            """#
        let details = try Payload.decode(InspectAnswer.self, Array(text.utf8)).details
        #expect(
            details
                == ContainerDetails(
                    id: "c1", name: "web", image: "web:1", environment: ["A": "1=2", "B": ""], hostname: "h",
                    state: ContainerState(
                        .running, process: 42, startedAt: "2026-01-02T03:04:05.6Z", health: .starting),
                    addresses: ["bridge": "10.0.0.2"],
                    ports: [PortMapping(80, hostPort: 32_768, hostAddress: "0.0.0.0")]))
    }

    @Test("tells how a container ended")
    func exited() throws {
        let text = #"{"Id":"c1","State":{"Status":"exited","Pid":0,"ExitCode":137,"OOMKilled":true,"Health":null}}"#
        let state = try Payload.decode(InspectAnswer.self, Array(text.utf8)).details.state
        #expect(state == ContainerState(.exited, exitCode: 137, ranOutOfMemory: true))
        #expect(!state.isRunning)
    }

    @Test(
        "has names that Swift has otherwise",
        arguments: [
            ("OOMKilled", "oomKilled"), ("IPAddress", "ipAddress"), ("Id", "id"), ("ID", "id"),
            ("cpu_stats", "cpuStats"),
            ("timeNano", "timeNano"), ("NetworkSettings", "networkSettings"), ("", ""),
        ])
    func names(name: String, here: String) {
        #expect(name.asSwiftName == here)
    }

    @Test(
        "is spoken in the highest version that both sides know",
        arguments: [
            ("1.41", "1.41"), ("1.43", "1.43"), ("1.56", "1.44"), ("2.0", "1.44"), (nil, "1.41"), ("?", "1.41"),
        ])
    func versions(offered: String?, agreed: String) throws {
        #expect(try EngineVersion.agreed(offered: offered).description == agreed)
    }

    @Test("is not spoken with Engines that are too old")
    func oldVersions() {
        #expect { try EngineVersion.agreed(offered: "1.40") } throws: {
            ($0 as? EngineError)?.kind == .versionRefused && "\($0)".contains("versions from 1.41 on")
        }
    }

    @Test(
        "has names of images",
        arguments: [
            ("web", "web", "latest"), ("web:1", "web", "1"), ("host:5000/web", "host:5000/web", "latest"),
            ("host:5000/a/web:1.2", "host:5000/a/web", "1.2"), ("web@sha256:ab", "web", "sha256:ab"),
        ])
    func images(text: String, repository: String, tag: String) {
        #expect(ImageName(text).repository == repository)
        #expect(ImageName(text).tag == tag)
    }

    @Test("carries credentials in a header, and nowhere else")
    func credentials() {
        let credentials = RegistryCredentials(username: "u", password: "p>>?", server: "registry.example:5000")
        #expect(
            credentials.header
                == "eyJwYXNzd29yZCI6InA-Pj8iLCJzZXJ2ZXJhZGRyZXNzIjoicmVnaXN0cnkuZXhhbXBsZTo1MDAwIiwidXNlcm5hbWUiOiJ1In0="
        )
        #expect(!"\(credentials) \(String(reflecting: credentials))".contains("p>>?"))
    }

    @Test("escapes what has a meaning in URLs")
    func escaping() {
        #expect("a b/ü&=+%".inQuery == "a%20b%2F%C3%BC%26%3D%2B%25")
        #expect("host:5000/web@sha256:1?x#".inPath == "host:5000/web@sha256:1%3Fx%23")
        #expect("\n".inPath == "%0A")
    }
}

@Suite("An error of the Engine")
struct ErrorTests {
    @Test(
        "is of the kind that its status and its words say",
        arguments: [
            (404, "No such container: web", EngineError.Kind.notFound), (404, "No such image: web:1", .imageMissing),
            (409, "Conflict. The container name \"/a\" is already in use by container \"1\".", .nameConflict),
            (500, "creating container storage: the container name \"a\" is already in use by 1", .nameConflict),
            (409, "Cannot kill container: a: Container 1 is not running", .notRunning),
            (409, "You cannot remove a running container 1. Stop the container before", .conflict),
            (500, "driver failed programming: Bind for 0.0.0.0:80 failed: port is already allocated", .portInUse),
            (500, "Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use", .portInUse),
            (400, "unable to start container process: exec: \"/x\": no such file or directory", .commandNotFound),
            (400, "client version 1.50 is too new. Maximum supported API version is 1.41", .versionRefused),
            (400, "No command specified", .badRequest), (401, "who are you?", .unauthorised), (500, "oops", .failed),
            (418, "teapot", .badRequest), (503, "", .failed),
        ])
    func kinds(status: Int, message: String, kind: EngineError.Kind) {
        #expect(EngineError(call: "test", status: status, message: message).kind == kind)
    }

    @Test(
        "tells, when an image does not come, whether it is missing, forbidden or out of reach",
        arguments: [
            ("manifest for web:1 not found: manifest unknown", EngineError.Kind.imageMissing),
            ("pull access denied for web, repository does not exist or may require 'docker login'", .imageMissing),
            ("Get \"https://r/v2/\": no basic auth credentials", .unauthorised),
            ("unauthorized: authentication required", .unauthorised),
            ("Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused", .pullFailed),
        ])
    func pulls(message: String, kind: EngineError.Kind) {
        #expect(EngineError(pulling: "web:1", message: message).kind == kind)
    }

    @Test("says what was tried, what came of it and what to do")
    func text() {
        #expect(
            EngineError(.portInUse, call: "start web", message: "port is already allocated").description
                == "start web: port is already allocated (portInUse): end who listens on the port, or choose another "
                + "port or a dynamic one")
    }
}

@Suite("The Engine of a host")
struct AddressTests {
    @Test("is where DOCKER_HOST says, or the first socket that there is")
    func find() throws {
        func find(_ environment: [String: String], _ files: String...) throws -> String {
            try EngineAddress.find(environment: environment, exists: files.contains).description
        }
        #expect(try find(["DOCKER_HOST": "unix:///x.sock"], "/var/run/docker.sock") == "unix:///x.sock")
        #expect(try find(["DOCKER_HOST": "tcp://10.0.0.1:2375"]) == "tcp://10.0.0.1:2375")
        #expect(try find(["DOCKER_HOST": ""], "/run/podman/podman.sock") == "unix:///run/podman/podman.sock")
        #expect(
            try find(["XDG_RUNTIME_DIR": "/run/user/7"], "/run/user/7/podman/podman.sock")
                == "unix:///run/user/7/podman/podman.sock")
        #expect(try find([:]) == "unix:///var/run/docker.sock")
    }

    @Test(
        "is not where DOCKER_HOST makes no sense",
        arguments: ["ssh://host", "/x.sock", "tcp://host", "tcp://:1", "unix://"])
    func nonsense(host: String) {
        #expect { try EngineAddress.find(environment: ["DOCKER_HOST": host], exists: { _ in true }) } throws: {
            "\($0)".contains("“\(host)”; expected unix:///path or tcp://host:port")
        }
    }
}

@Suite("An archive")
struct ArchiveTests {
    private let archive = Archive([
        .init(path: "secrets", content: nil, mode: 0o750, user: 5, group: 6),
        .init(path: "secrets/password", content: Array("sesame".utf8), mode: 0o400, user: 1_000),
        .init(path: "empty", content: [], mode: 0o644),
        .init(path: "full", content: [UInt8](repeating: 7, count: 512), mode: 0o644),
        .init(path: String(repeating: "d/", count: 70) + "file", content: [1], mode: 0o644),
        .init(path: "link", link: "secrets/password"),
    ])

    @Test("is read as it was written")
    func roundTrip() throws {
        var expected = archive
        expected.entries[0].path = "secrets/"
        #expect(try Archive(bytes: archive.bytes()) == expected)
    }

    @Test("is what tar reads")
    func tar() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "archive-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let file = directory.appending(path: "a.tar")
        try Data(archive.bytes()).write(to: file)
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["tar", "--numeric-owner", "-tvf", file.path]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(process.terminationStatus == 0)
        #expect(lines.count == 6)
        #expect(lines[0].hasPrefix("drwxr-x--- 5/6 0 "))
        #expect(lines[1].hasPrefix("-r-------- 1000/0 6 ") && lines[1].hasSuffix(" secrets/password"))
        #expect(lines[5].hasSuffix("link -> secrets/password"))
    }

    @Test("has no room for very long paths, and says so")
    func tooLong() {
        let path = String(repeating: "x", count: 101)
        #expect { try Archive([.init(path: path, content: [], mode: 0)]).bytes() } throws: {
            "\($0)".contains("101 bytes")
        }
    }

    @Test("is not read when it is cut off or broken")
    func broken() throws {
        let bytes = try archive.bytes()
        #expect(throws: EngineError.self) { try Archive(bytes: Array(bytes[..<1_030])) }
        var other = bytes
        other[3] ^= 1
        #expect(throws: EngineError.self) { try Archive(bytes: other) }
    }
}
