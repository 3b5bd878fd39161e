import HelixSimulation

extension ScenarioRun {
    /// The shortest plan found with which the same rule is broken: faults are left out, many at a time and then one by
    /// one, as long as that is so.
    ///
    /// - Parameter limit: how many runs to spend on it.
    /// - Returns: the report of the run with that plan.
    public func shrink(_ report: ScenarioReport, within limit: Int = 200) async -> ScenarioReport {
        guard let rule = report.violations.first?.rule else { return report }
        var best = report
        var runs = 0
        var chunk = max(1, best.plan.faults.count / 2)
        while true {
            var start = 0
            var isShorter = false
            while start < best.plan.faults.count, runs < limit {
                var plan = best.plan
                plan.faults.removeSubrange(start..<min(start + chunk, plan.faults.count))
                runs += 1
                let attempt = await perform(plan)
                if attempt.violations.contains(where: { $0.rule == rule }) {
                    best = attempt
                    isShorter = true
                } else {
                    start += chunk
                }
            }
            if runs >= limit || (chunk == 1 && !isShorter) { return best }
            chunk = max(1, chunk / 2)
        }
    }
}
