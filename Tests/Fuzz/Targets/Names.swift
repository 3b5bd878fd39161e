import Coordination
import HelixAdmin
import HelixSimulation
import TestSupport
import ZooKeeper

extension FuzzTarget {
    /// What people type: connect texts, and names of clusters, instances, resources, partitions and state models.
    ///
    /// An accepted connect text, written out, is the same again; an accepted name is the name of one znode.
    static let names = FuzzTarget(name: "names", share: 70) { generator in
        if Bool.random(using: &generator) { return try NameChecks.connectText(NameChecks.makeConnectText(&generator)) }
        var name = Vocabulary.word(&generator)
        if Bool.random(using: &generator) {
            name += generator.pick(["", ":", ":1", "/", "_", " "]) + Vocabulary.word(&generator)
        }
        return try NameChecks.name(name, generator.pick([.cluster, .instance, .resource, .partition, .stateModel]))
    }
}

enum NameChecks {
    private static let hosts = [
        "a", "127.0.0.1", "[::1]", "[", "[]", "]", "::1", "é", "\u{301}", "", " ", "a b", "a\t",
    ]
    private static let ports = [
        "", ":", ":1", ":65535", ":65536", ":0", ":+1", ":-1", ":x", "::", ":1:2", ": 1", ":\u{663}",
    ]

    static func makeConnectText(_ generator: inout SeededGenerator) -> String {
        var servers: [String] = []
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            servers.append(generator.pick(hosts) + generator.pick(ports))
        }
        var text = servers.joined(separator: generator.pick([",", ",", ", ", " ,"]))
        text += generator.pick(["", "/", "/x", "/x/y", "//", "/x/", "/..", "/\u{301}"])
        guard generator.once(in: 4) else { return text }
        var bytes = Array(text.utf8)
        ByteMutation.apply(to: &bytes, &generator)
        return String(decoding: bytes, as: UTF8.self)
    }

    static func connectText(_ text: String) throws -> Reception {
        do {
            let connect = try ConnectString(text)
            let written = connect.servers.map(\.description).joined(separator: ",") + connect.chroot
            let again = try ConnectString(written)
            try require(again == connect, "\(text.debugDescription) is \(connect), and written out \(again)")
            return .accepted
        } catch let error as CoordinationError {
            try require(
                error.code == .badArguments && error.reason.contains("“\(text)”"),
                "\(text.debugDescription) is refused with \(error)")
            return .refused
        }
    }

    static func name(_ name: String, _ kind: Names.Kind) throws -> Reception {
        let normalized = Names.normalized(instance: name)
        try require(
            Names.normalized(instance: normalized) == normalized, "\(name.debugDescription) has two normal forms")
        do throws(AdministrationError) {
            try Names.check(name, kind)
        } catch {
            return .refused
        }
        let isOne = !name.utf8.contains(UInt8(ascii: "/")) && ZnodePath.fault(in: "/\(name)") == nil
        try require(isOne, "\(name.debugDescription) is accepted as the name of a \(kind) and is not that of one znode")
        try require(
            kind != .partition || !name.utf8.contains(UInt8(ascii: ",")),
            "\(name.debugDescription) is accepted as the name of a partition and would be two in a list")
        return .accepted
    }
}
