import FleetAgent
import FleetEngine
import FleetJobs
import Testing

@testable import FleetHost

@Suite("What containers and registries are told")
struct SecretReaderTests {
    private struct Away: Error {}

    @Test("what came from the store once is there while the store is away")
    func remembered() async throws {
        let reader = SecretReader()
        await #expect(throws: Away.self) { try await reader.content("store:a") { _ in throw Away() } }
        #expect(try await reader.content("store:a") { name in Array("the \(name)".utf8) } == Array("the a".utf8))
        #expect(try await reader.content("store:a") { _ in throw Away() } == Array("the a".utf8))
    }

    @Test("what is nowhere is an error that names it", arguments: ["store:a", "env:FLEET_NOT_SET", "nonsense"])
    func nowhere(name: String) async {
        let reader = SecretReader()
        await #expect(throws: SecretError(name: name)) { try await reader.content(name) { _ in nil } }
    }

    @Test("credentials go with the image of the job that names them")
    func credentials() async {
        let reader = SecretReader()
        var job = Job(name: "web", version: "1", image: "reg.example:5000/web:1")
        job.registryAuth = .store("account")
        reader.note(job)
        let read: @Sendable (String) async throws -> [UInt8]? = { _ in Array(#"{"username":"u","password":"p"}"#.utf8) }
        let found = await reader.credentials(job.image, read)
        #expect(found == RegistryCredentials(username: "u", password: "p", server: "reg.example:5000"))
        #expect(await reader.credentials("other:1", read) == nil)
    }

    @Test(
        "an image's registry is what stands before the first slash, if that is a host",
        arguments: [
            ("nginx:1", "https://index.docker.io/v1/"), ("team/web:1", "https://index.docker.io/v1/"),
            ("localhost/web", "localhost"), ("reg.example/a/b:1", "reg.example"), ("reg:5000/a", "reg:5000"),
        ])
    func registries(image: String, registry: String) { #expect(SecretReader.registry(of: image) == registry) }
}
