import ArgumentParser
import Logging

/// What is logged to standard error.
struct LogOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "What to log on standard error: trace, debug, info, notice, warning, error or critical. Unless set: info "
                + "for commands that run until they are ended, warning for all others.",
            valueName: "level"))
    var logLevel: Logger.Level?

    /// A logger that writes to standard error.
    func logger(_ label: String, defaultLevel: Logger.Level = .warning) -> Logger {
        var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel ?? defaultLevel
        return logger
    }
}
