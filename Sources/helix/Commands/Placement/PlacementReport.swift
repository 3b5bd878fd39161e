import Foundation
import HelixRecords
import RebalancePipeline

/// What `helix placement` shows.
struct PlacementReport: Rendering {
    struct Instance: Encodable, Sendable {
        let instance: String
        let zone: String?
        let absence: String?
        let replicas: Int
        let tops: Int?
        let errors: Int
    }

    struct Zone: Encodable, Sendable {
        let zone: String
        var instances = 0
        var replicas = 0
        var tops = 0
    }

    private let cluster: String
    private let resource: String?
    private let resourceCount: Int
    private let counted: String
    private let topStates: [String]
    private let replicas: EvennessReport
    private let tops: EvennessReport?
    private let instances: [Instance]
    private let zones: [Zone]
    private let listsAll: Bool

    private enum CodingKeys: String, CodingKey {
        case cluster, resource, resourceCount, counted, topStates, replicas, tops, instances, zones
    }

    init(
        _ spread: ReplicaSpread, cluster: String, resource: String?, resourceCount: Int, listsAll: Bool = false
    ) {
        self.cluster = cluster
        self.resource = resource
        self.resourceCount = resourceCount
        counted = "current states of live instances"
        topStates = spread.topStates
        replicas = EvennessReport(spread.replicas)
        tops = spread.tops.map(EvennessReport.init)
        instances = spread.shares.map { share in
            Instance(
                instance: share.instance, zone: share.zone, absence: share.absence?.rawValue, replicas: share.replicas,
                tops: spread.topStates.isEmpty ? nil : share.tops, errors: share.errors)
        }
        zones = Self.zones(spread.shares)
        self.listsAll = listsAll
    }

    private static func zones(_ shares: [ReplicaSpread.Share]) -> [Zone] {
        var zones: [String: Zone] = [:]
        for share in shares {
            guard let name = share.zone else { continue }
            var zone = zones[name] ?? Zone(zone: name)
            zone.instances += 1
            zone.replicas += share.replicas
            zone.tops += share.tops
            zones[name] = zone
        }
        return zones.keys.naturallySorted().compactMap { zones[$0] }
    }

    // MARK: Text

    /// Beyond so many instances it is told how many have how much.
    static let lineLimit = 40

    var text: String {
        var parts = [head.description]
        if listsAll || instances.count <= Self.lineLimit {
            if !instances.isEmpty { parts.append(instanceTable.description) }
        } else {
            parts.append(histogram(of: "REPLICAS", present.map(\.replicas)))
            if tops != nil { parts.append(histogram(of: "TOPS", present.compactMap(\.tops))) }
            parts.append(contentsOf: [extremes.description].filter { !$0.isEmpty })
        }
        if !zones.isEmpty { parts.append(zoneTable.description) }
        return parts.joined(separator: "\n\n")
    }

    /// Those that count for the evenness.
    private var present: [Instance] { instances.filter { $0.absence == nil } }

    private var head: TextTable {
        var table = TextTable()
        table.add("cluster", cluster)
        table.add("resource", resource ?? "all \(resourceCount) together")
        table.add("counted", counted)
        let sum = instances.map(\.replicas).reduce(0, +)
        table.add("replicas", "\(sum) on \(present.count) nodes\(Self.told(replicas))")
        if let tops {
            let sum = instances.compactMap(\.tops).reduce(0, +)
            table.add(topStates.joined(separator: ", "), "\(sum)\(Self.told(tops))")
        }
        let errors = instances.map(\.errors).reduce(0, +)
        if errors > 0 { table.add("in ERROR", "\(errors)") }
        return table
    }

    private static func told(_ evenness: EvennessReport) -> String {
        let average = String(format: "%.2f", evenness.average)
        return ": \(evenness.range) each, \(average) on average, max-min \(evenness.maxMin)"
    }

    private var instanceTable: TextTable {
        let most = instances.map(\.replicas).max() ?? 0
        var table = TextTable("NODE", "ZONE", "REPLICAS", "TOPS", tops == nil ? "" : "█ top states  ░ others")
        for instance in instances {
            let bar = Bar.text(instance.replicas, marked: instance.tops ?? 0, of: most)
            let notes = [instance.absence, instance.errors > 0 ? "\(instance.errors) in ERROR" : nil].compactMap { $0 }
            table.add(
                instance.instance, instance.zone, "\(instance.replicas)", instance.tops.map(String.init),
                ([bar] + notes).filter { !$0.isEmpty }.joined(separator: "  "))
        }
        return table
    }

    private func histogram(of what: String, _ counts: [Int]) -> String {
        let bins = Histogram(counts).bins
        let most = bins.map(\.count).max() ?? 0
        var table = TextTable(what, "NODES", "")
        for bin in bins { table.add(bin.range, "\(bin.count)", Bar.text(bin.count, marked: bin.count, of: most)) }
        return table.description
    }

    /// Who has least and most, and who does not count.
    private var extremes: TextTable {
        var table = TextTable()
        func add(_ title: String, _ found: [Instance]) {
            guard !found.isEmpty else { return }
            let more = found.count > 5 ? " and \(found.count - 5) more" : ""
            table.add(title, found.prefix(5).map(\.instance).joined(separator: ", ") + more)
        }
        if replicas.maxMin > 0 {
            add("least, \(replicas.min)", present.filter { $0.replicas == replicas.min })
            add("most, \(replicas.max)", present.filter { $0.replicas == replicas.max })
        }
        for (absence, found) in Dictionary(grouping: instances, by: \.absence).sorted(by: {
            $0.key ?? "" < $1.key ?? ""
        }) {
            if let absence { add(absence, found) }
        }
        return table
    }

    private var zoneTable: TextTable {
        let most = zones.map(\.replicas).max() ?? 0
        var table = TextTable("ZONE", "NODES", "REPLICAS", "TOPS", "")
        for zone in zones {
            table.add(
                zone.zone, "\(zone.instances)", "\(zone.replicas)", tops == nil ? nil : "\(zone.tops)",
                Bar.text(zone.replicas, marked: zone.tops, of: most))
        }
        return table
    }
}
