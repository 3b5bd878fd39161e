import HelixRecords

extension ClusterSnapshot.Instance {
    /// Whether the instance was away during maintenance for longer than OFFLINE_NODE_TIME_OUT_FOR_MAINTENANCE_MODE allows
    /// (protocol reference 6.8): what it has may be out of date by more than anybody wants to serve.
    func wasAwayTooLong(in maintenance: MaintenanceSignal?, _ cluster: ClusterConfig?) -> Bool {
        guard let start = maintenance?.timestamp, let timeout = cluster?.offlineTimeoutInMaintenance?.milliseconds
        else { return false }
        return absences.contains { absence in
            let (length, isTooLong) = absence.until.subtractingReportingOverflow(max(absence.since, start))
            return isTooLong || length > timeout
        }
    }
}
