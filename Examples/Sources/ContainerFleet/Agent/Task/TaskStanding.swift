/// How far a task has come towards a goal.
public enum TaskStanding: Sendable, Hashable {
    /// It has not come there yet, and may.
    case underWay
    /// It is there.
    case reached
    /// It will not come there.
    case failed(TaskRecord.Ending)
}

extension TaskSupervisor {
    /// How far it has come towards a goal that it was told.
    public func standing(towards goal: TaskGoal) -> TaskStanding {
        switch goal {
        case .pulled: return hasImage || run != nil || record.ending != nil ? .reached : .underWay
        case .running:
            if let ending = record.ending {
                return ending.isSuccess ? .reached : .failed(ending)
            }
            return run?.health.isOpen == true && report.phase == .running && !record.spec.isRunOnce
                ? .reached : .underWay
        case .stopped: return report.phase == .stopped || report.phase == .removed ? .reached : .underWay
        case .removed: return isGone ? .reached : .underWay
        }
    }
}
