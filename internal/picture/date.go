package picture

import (
	"strconv"
	"strings"
	"time"

	"photos/internal/photo"
)

// ParseDate reads a date as programs write it: EXIF's form with colons, XMP's and ISO
// 8601's with dashes and a T, slashes, one digit instead of two; a time of day is
// not needed. What follows the seconds may be a fraction and an offset from UTC.
// It returns the zero Moment for anything else.
func ParseDate(s string) photo.Moment {
	p := &dateParser{s: strings.TrimSpace(strings.TrimRight(s, "\x00\n"))}
	year, ok1 := p.number(4, 4, "")
	month, ok2 := p.number(1, 2, ":-/. ")
	day, ok3 := p.number(1, 2, ":-/. ")
	if !ok1 || !ok2 || !ok3 {
		return photo.Moment{}
	}
	hour, minute, second, nanosecond, ok := p.clock()
	if !ok {
		return photo.Moment{}
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, time.UTC)
	if y, m, d := at.Date(); y != year || int(m) != month || d != day {
		return photo.Moment{} // the 31st of June
	}
	zone, known, ok := p.zone()
	switch {
	case !ok:
		return photo.Moment{}
	case !known:
		return plausible(photo.AtWallClock(at))
	}
	return plausible(photo.At(at.Add(-time.Duration(zone) * time.Second).In(time.FixedZone("", zone))))
}

// A dateParser eats a date from the left.
type dateParser struct{ s string }

// number eats one of the separators, if any is given, and a number of this many digits.
func (p *dateParser) number(minDigits, maxDigits int, separators string) (int, bool) {
	if separators != "" {
		if p.s == "" || !strings.Contains(separators, p.s[:1]) {
			return 0, false
		}
		p.s = strings.TrimLeft(p.s[1:], " ")
	}
	n := 0
	for n < len(p.s) && n < maxDigits && p.s[n] >= '0' && p.s[n] <= '9' {
		n++
	}
	if n < minDigits {
		return 0, false
	}
	value, _ := strconv.Atoi(p.s[:n]) // digits only
	p.s = p.s[n:]
	return value, true
}

// clock eats a time of day, if there is one.
func (p *dateParser) clock() (hour, minute, second, nanosecond int, ok bool) {
	p.s = strings.TrimLeft(p.s, "T /")
	if p.s == "" {
		return 0, 0, 0, 0, true
	}
	if hour, ok = p.number(1, 2, ""); !ok {
		return 0, 0, 0, 0, false
	}
	if minute, ok = p.number(2, 2, ":. "); !ok {
		return 0, 0, 0, 0, false
	}
	if rest := *p; true { // seconds may be missing
		if second, ok = p.number(2, 2, ":. "); !ok {
			*p = rest
		}
	}
	nanosecond = p.fraction()
	hour = p.half(hour)
	return hour, minute, second, nanosecond, hour < 24 && minute < 60 && second < 60
}

// fraction eats the fraction of a second in nanoseconds.
func (p *dateParser) fraction() int {
	if len(p.s) < 2 || p.s[0] != '.' && p.s[0] != ',' || p.s[1] < '0' || p.s[1] > '9' {
		return 0
	}
	n := 1
	for n < len(p.s) && p.s[n] >= '0' && p.s[n] <= '9' {
		n++
	}
	digits := (p.s[1:n] + "000000000")[:9]
	p.s = p.s[n:]
	value, _ := strconv.Atoi(digits)
	return value
}

// half eats AM or PM.
func (p *dateParser) half(hour int) int {
	rest := strings.ToUpper(strings.TrimLeft(p.s, " "))
	switch {
	case strings.HasPrefix(rest, "AM"):
		hour %= 12
	case strings.HasPrefix(rest, "PM"):
		hour = hour%12 + 12
	default:
		return hour
	}
	p.s = rest[2:]
	return hour
}

// zone reads the rest of a date: nothing, Z, or an offset of hours and minutes.
// Offsets on Earth lie between -12 and +14 hours.
func (p *dateParser) zone() (seconds int, known, ok bool) {
	s := strings.TrimSpace(p.s)
	switch {
	case s == "":
		return 0, false, true
	case s == "Z" || s == "z" || s == "UTC":
		return 0, true, true
	case s[0] != '+' && s[0] != '-':
		return 0, false, false
	}
	digits := strings.Replace(s[1:], ":", "", 1)
	if len(digits) == 1 || len(digits) == 2 {
		digits = ("0" + digits)[len(digits)-1:] + "00"
	}
	n, err := strconv.Atoi(digits)
	if err != nil || len(digits) != 4 || n/100 > 14 || n%100 > 59 {
		return 0, false, false
	}
	seconds = n/100*3600 + n%100*60
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true, true
}

func plausible(m photo.Moment) photo.Moment {
	if !m.Plausible() {
		return photo.Moment{}
	}
	return m
}
