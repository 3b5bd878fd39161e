import FleetEngine
import Testing

@testable import FleetAgent

@Suite("Ports of a host")
struct PortAllocatorTests {
    static let range = 20_000..<20_004

    private func free(_ port: Int, _ transport: TransportProtocol) -> Bool { true }

    @Test("open ports are taken from the range in turn, and not again while others are free")
    func turn() throws {
        var ports = PortAllocator(range: Self.range, startingAt: 20_002)
        #expect(try ports.allot(["a": Port(80)], to: "one", isFree: free) == ["a": 20_002])
        #expect(try ports.allot(["a": Port(80)], to: "two", isFree: free) == ["a": 20_003])
        ports.release("one")
        #expect(try ports.allot(["a": Port(80)], to: "three", isFree: free) == ["a": 20_000])
        #expect(try ports.allot(["a": Port(80)], to: "four", isFree: free) == ["a": 20_001])
        #expect(try ports.allot(["a": Port(80)], to: "five", isFree: free) == ["a": 20_002])
    }

    @Test("a task keeps what it has")
    func keep() throws {
        var ports = PortAllocator(range: Self.range)
        let first = try ports.allot(["a": Port(80), "b": Port(81)], to: "one", isFree: free)
        // Its own container may listen there still.
        let again = try ports.allot(["a": Port(80), "b": Port(81)], to: "one", having: first) { _, _ in false }
        #expect(again == first)
    }

    @Test("what was on disk is kept after a restart")
    func restore() throws {
        var ports = PortAllocator(range: Self.range)
        ports.restore(["a": 20_000], of: "one", wanting: ["a": Port(80)])
        #expect(try ports.allot(["a": Port(80)], to: "two", isFree: free) == ["a": 20_001])
        #expect(try ports.allot(["a": Port(80)], to: "one", having: ["a": 20_000], isFree: free) == ["a": 20_000])
    }

    @Test("ports where somebody listens are passed over")
    func foreign() throws {
        var ports = PortAllocator(range: Self.range)
        let got = try ports.allot(["a": Port(80)], to: "one") { port, _ in port != 20_000 }
        #expect(got == ["a": 20_001])
    }

    @Test("a fixed port is not given to anybody else, and not taken for an open one")
    func fixed() throws {
        var ports = PortAllocator(range: Self.range)
        let got = try ports.allot(["a": Port(80), "z": Port(81, outside: 20_000)], to: "one", isFree: free)
        #expect(got == ["a": 20_001, "z": 20_000])
        #expect(
            throws: PortError(task: "two", name: "web", port: 20_000, owner: "one")
        ) { try ports.allot(["web": Port(80, outside: 20_000)], to: "two", isFree: free) }
    }

    @Test("one number may be had for tcp and for udp")
    func transports() throws {
        var ports = PortAllocator(range: Self.range)
        let wishes = ["t": Port(53, outside: 53), "u": Port(53, outside: 53, transport: .udp)]
        #expect(try ports.allot(wishes, to: "dns", isFree: free) == ["t": 53, "u": 53])
    }

    @Test("when none is left, nothing is taken")
    func full() throws {
        var ports = PortAllocator(range: Self.range)
        let five = Dictionary(uniqueKeysWithValues: (0..<5).map { ("p\($0)", Port($0)) })
        #expect(throws: PortError.self) { try ports.allot(five, to: "one", isFree: free) }
        let four = five.filter { $0.key != "p4" }
        #expect(Set(try ports.allot(four, to: "two", isFree: free).values) == Set(Self.range))
    }
}
