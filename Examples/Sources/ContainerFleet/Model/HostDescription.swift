public import HelixRecords

/// What a host says of itself, kept in its instance's configuration.
public struct HostDescription: Sendable, Hashable {
    /// What selectors are about.
    public var labels: [String: String]
    /// Thousandths of processors that tasks may have; as many as they like unless set.
    public var cpus: Int?
    /// MiB of memory that tasks may have; as much as they like unless set.
    public var memory: Int?
    /// What fails together with it; the host itself unless set.
    public var zone: String?

    /// A description.
    public init(labels: [String: String] = [:], cpus: Int? = nil, memory: Int? = nil, zone: String? = nil) {
        self.labels = labels
        self.cpus = cpus
        self.memory = memory
        self.zone = zone
    }

    private static let labelsField = "FLEET_LABELS"
    private static let totalsField = "FLEET_TOTALS"

    /// What an instance's configuration says.
    public init(_ config: InstanceConfig) {
        labels = config.record.mapFields[Self.labelsField] ?? [:]
        let totals = config.record.mapFields[Self.totalsField] ?? [:]
        cpus = totals["cpu"].flatMap { Int($0) }
        memory = totals["memory"].flatMap { Int($0) }
        zone = totals["zone"]
    }

    /// Writes it into an instance's configuration.
    public func apply(to config: inout InstanceConfig) {
        config.record.mapFields[Self.labelsField] = labels.isEmpty ? nil : labels
        var totals: [String: String] = [:]
        totals["cpu"] = cpus.map(String.init)
        totals["memory"] = memory.map(String.init)
        totals["zone"] = zone
        config.record.mapFields[Self.totalsField] = totals.isEmpty ? nil : totals
        config.setDomain([(key: "zone", value: zone ?? config.id), (key: "instance", value: config.id)])
    }
}

extension InstanceConfig {
    private static let cordonField = "FLEET_CORDONED"

    /// Whether the host gets nothing new.
    public var isCordoned: Bool {
        get { record.simpleFields[Self.cordonField] == "true" }
        set { record.simpleFields[Self.cordonField] = newValue ? "true" : nil }
    }

    /// Whether all that it has is to go elsewhere.
    public var isDraining: Bool { effectiveOperation == .evacuate }
}
