//! Instants as text in the three forms that requests need. Plain arithmetic on a given timestamp into a given buffer: it
//! reads no clock and allocates nothing.

use jiff::Timestamp;

/// A moment in UTC, broken into its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    year: i64,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

impl Moment {
    /// The fields of a timestamp (Howard Hinnant's days-to-civil arithmetic: eras of 400 years that start on 1 March).
    pub(crate) fn of(now: Timestamp) -> Self {
        let seconds = now.as_second();
        let (days, in_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let shifted = days + 719_468; // days from 0000-03-01 to 1970-01-01
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Moment {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: month as u8,
            day: (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8,
            hour: (in_day / 3_600) as u8,
            minute: (in_day / 60 % 60) as u8,
            second: (in_day % 60) as u8,
        }
    }

    /// `2026-11-23`.
    pub(crate) fn date(self, out: &mut Vec<u8>) {
        padded(out, self.year as u64, 4);
        out.push(b'-');
        padded(out, self.month.into(), 2);
        out.push(b'-');
        padded(out, self.day.into(), 2);
    }

    /// `2026-11-23T08:09:10+00:00`, a FHIR instant.
    pub(crate) fn instant(self, out: &mut Vec<u8>) {
        self.date(out);
        out.push(b'T');
        padded(out, self.hour.into(), 2);
        out.push(b':');
        padded(out, self.minute.into(), 2);
        out.push(b':');
        padded(out, self.second.into(), 2);
        out.extend_from_slice(b"+00:00");
    }

    /// `202611230809`, as MESH's authorisation wants it.
    pub(crate) fn mesh(self, out: &mut Vec<u8>) {
        padded(out, self.year as u64, 4);
        for field in [self.month, self.day, self.hour, self.minute] {
            padded(out, field.into(), 2);
        }
    }
}

/// A number in exactly `width` digits, zeros in front; what does not fit is cut off in front.
pub(crate) fn padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    for place in out[start..].iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// A number in as many digits as it has.
pub(crate) fn plain(out: &mut Vec<u8>, number: u64) {
    padded(out, number, number.checked_ilog10().unwrap_or(0) as usize + 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn moments_agree_with_the_calendar_library_over_two_centuries() {
        for step in 0..20_000_i64 {
            let now = Timestamp::from_second(-2_000_000_000 + step * 331_337).unwrap();
            let expected = now.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
            assert_eq!(text(|out| Moment::of(now).instant(out)), expected);
        }
        let now = "2026-11-23T08:09:10Z".parse().unwrap();
        assert_eq!(text(|out| Moment::of(now).mesh(out)), "202611230809");
        assert_eq!(text(|out| Moment::of(now).date(out)), "2026-11-23");
    }

    #[test]
    fn numbers_have_the_digits_they_need() {
        for number in [0, 9, 10, 99, 100, u64::MAX] {
            assert_eq!(text(|out| plain(out, number)), number.to_string());
        }
        assert_eq!(text(|out| padded(out, 7, 3)), "007");
    }
}
