/// A point in time as the texts of the format spell it, in UTC (protocol reference 4.12, 4.13).
package struct WireTime: Sendable, Hashable {
    /// Milliseconds since 1970.
    package let milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// `yyyy-MM-dd-HH:mm:ss`, in the controller's history and in maintenance entries.
    package var historyText: String { "\(date)-\(clock)" }

    /// `yyyy-MM-dd'T'HH:mm:ss:SSS` with a colon before the milliseconds, in the participant's history.
    package var offlineText: String { "\(date)T\(clock):\(padded(fields.milliseconds, 3))" }

    /// ISO 8601 with milliseconds, in signals.
    package var isoText: String { "\(date)T\(clock).\(padded(fields.milliseconds, 3))Z" }

    /// Reads ``offlineText``; `nil` for anything else.
    package init?(offlineText text: String) {
        let bytes = Array(text.utf8)
        let form = Array("0000-00-00T00:00:00:000".utf8)
        guard bytes.count == form.count else { return nil }
        var numbers: [Int64] = [0]
        for (byte, place) in zip(bytes, form) {
            if place != UInt8(ascii: "0") {
                guard byte == place else { return nil }
                numbers.append(0)
            } else {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                numbers[numbers.count - 1] = numbers[numbers.count - 1] * 10 + Int64(byte - UInt8(ascii: "0"))
            }
        }
        let seconds = (numbers[3] * 60 + numbers[4]) * 60 + numbers[5]
        self.init(
            milliseconds: Self.days(year: numbers[0], month: numbers[1], day: numbers[2]) * 86_400_000 + seconds * 1000
                + numbers[6])
        // There is no 31st of February, and no 25th hour.
        guard offlineText == text else { return nil }
    }

    private var date: String { "\(padded(fields.year, 4))-\(padded(fields.month, 2))-\(padded(fields.day, 2))" }
    private var clock: String { "\(padded(fields.hour, 2)):\(padded(fields.minute, 2)):\(padded(fields.second, 2))" }

    private var fields:
        (year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64, milliseconds: Int64)
    {
        let days = Self.floorDivide(milliseconds, 86_400_000)
        let remainder = milliseconds % 86_400_000
        let rest = remainder < 0 ? remainder + 86_400_000 : remainder
        let (year, month, day) = Self.civil(days)
        return (year, month, day, rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000)
    }

    /// The date a number of days after 1970-01-01. Years are counted from March, so that the leap day comes last, in
    /// eras of 400 years, after which the calendar repeats.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468  // days since 0000-03-01
        let era = floorDivide(shifted, 146_097)
        let day = shifted - era * 146_097
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153  // 0 is March; months from there have 31 30 31 30 31 days, twice over
        let isNextYear = month >= 10
        return (
            year + era * 400 + (isNextYear ? 1 : 0), isNextYear ? month - 9 : month + 3,
            dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    /// The number of days after 1970-01-01 of a date: the other way round.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1  // the year that begins in March
        let era = floorDivide(shifted, 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value + 1) / divisor - 1
    }

    private func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
