import Metrics

/// What a controller counts, labelled with the cluster.
struct ControllerMetrics: Sendable {
    private let leading: Gauge
    private let pass: Timer
    private let sent: Counter
    private let refused: Counter
    private let views: Counter
    private let problems: Gauge
    private let maintenance: Gauge

    init(cluster: String) {
        let labels = [("cluster", cluster)]
        leading = Gauge(label: "helix_controller_leading", dimensions: labels)
        pass = Timer(label: "helix_controller_pass_duration", dimensions: labels)
        sent = Counter(label: "helix_controller_transitions_sent", dimensions: labels)
        refused = Counter(label: "helix_controller_messages_refused", dimensions: labels)
        views = Counter(label: "helix_controller_views_written", dimensions: labels)
        problems = Gauge(label: "helix_controller_problems", dimensions: labels)
        maintenance = Gauge(label: "helix_controller_maintenance", dimensions: labels)
    }

    /// 1 while this controller leads, else 0.
    func isLeading(_ isLeading: Bool) { leading.record(isLeading ? 1 : 0) }
    /// One pass of the pipeline.
    func passed(in duration: Duration) {
        let (seconds, attoseconds) = duration.components
        pass.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
    /// Transitions that were asked for.
    func sent(_ count: Int) { sent.increment(by: count) }
    /// Messages that could not be written.
    func refused(_ count: Int) { refused.increment(by: count) }
    /// External views that were written.
    func wroteViews(_ count: Int) { views.increment(by: count) }
    /// Faults found in the last pass.
    func found(problems count: Int) { problems.record(count) }
    /// 1 while the cluster is in maintenance, else 0.
    func isInMaintenance(_ isInMaintenance: Bool) { maintenance.record(isInMaintenance ? 1 : 0) }
}
