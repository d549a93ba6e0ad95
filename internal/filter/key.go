package filter

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"photos/internal/photo"
)

// key is a word that may stand before a colon. read never gets an empty value. Its error says
// what a valid value is.
type key struct {
	name string
	read func(value string, now time.Time) (Test, *photo.Error)
}

// keys returns every key. A new one needs a type of Test with its String, and a line here.
func keys() []key {
	return []key{
		{"camera", readText(Camera)},
		{"lens", readText(Lens)},
		{"type", oneOf(Photo, Video, Raw)},
		{"ext", readExt},
		{"taken", readTime(photo.ByTaken)},
		{"uploaded", readTime(photo.ByUploaded)},
		{"size", readSize},
		{"tag", func(v string, _ time.Time) (Test, *photo.Error) { return Tag(v), nil }},
		{"folder", readFolder},
		{"has", oneOf(HasDescription, HasPosition, HasDate, HasCamera, HasTag, HasFolder)},
		{"near", readNear},
		{"is", oneOf(Described, Undescribed, Trashed)},
	}
}

// invalid is the error of a value.
func invalid(msg, hint string) *photo.Error {
	return &photo.Error{Kind: photo.KindUsage, Msg: msg, Hint: hint}
}

func readText(in Field) func(string, time.Time) (Test, *photo.Error) {
	return func(v string, _ time.Time) (Test, *photo.Error) { return Text{In: in, Value: v}, nil }
}

// word is a Test with few values.
type word interface {
	~string
	Test
}

func oneOf[T word](values ...T) func(string, time.Time) (Test, *photo.Error) {
	return func(v string, _ time.Time) (Test, *photo.Error) {
		var names []string
		for _, t := range values {
			if strings.EqualFold(v, string(t)) {
				return t, nil
			}
			names = append(names, string(t))
		}
		last := len(names) - 1
		return nil, invalid("unknown value "+quote(v), "it is "+strings.Join(names[:last], ", ")+" or "+names[last])
	}
}

// maxExt is the length of the longest extension that is asked for.
const maxExt = 16

func readExt(v string, _ time.Time) (Test, *photo.Error) {
	e := strings.TrimPrefix(v, ".")
	isOther := func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	if e == "" || len(e) > maxExt || strings.ContainsFunc(e, isOther) {
		return nil, invalid(quote(v)+" is not a file extension", "write it as in ext:jpg")
	}
	return Ext(strings.ToLower(e)), nil
}

func readFolder(v string, _ time.Time) (Test, *photo.Error) {
	folder, err := photo.CleanFolder(v)
	switch {
	case err != nil:
		return nil, invalid(err.Error(), photo.HintOf(err))
	case folder == "":
		return nil, invalid(quote(v)+" is not a folder", "write it as in folder:2024/trip; has:folder finds photos in any folder")
	}
	return Folder(folder), nil
}

// readTime reads a time, an age, or a range of them whose ends are both included.
func readTime(by photo.Order) func(string, time.Time) (Test, *photo.Error) {
	return func(v string, now time.Time) (Test, *photo.Error) {
		first, last, isRange := strings.Cut(v, "..")
		t := Time{By: by}
		var err *photo.Error
		if first != "" {
			if t.From, t.To, err = parseTime(first, now); err != nil {
				return nil, err
			}
		}
		switch _, isAge := parseAge(first, now); {
		case isRange:
			t.To = time.Time{}
		case isAge: // from then until now
			t.To = time.Time{}
		}
		if isRange && last != "" {
			if _, t.To, err = parseTime(last, now); err != nil {
				return nil, err
			}
		}
		switch {
		case isRange && first == "" && last == "":
			return nil, invalid("a range needs a beginning or an end", timeHint)
		case !t.From.IsZero() && !t.To.IsZero() && !t.From.Before(t.To):
			return nil, invalid("the range ends before it begins", "write the earlier time first")
		}
		return t, nil
	}
}

const sizeHint = "write size:>5M, size:<=500k or size:5M..10M"

// readSize reads a comparison or a range.
func readSize(v string, _ time.Time) (Test, *photo.Error) {
	parse := func(s string, open int64) (int64, *photo.Error) {
		if s == "" {
			return open, nil
		}
		n, err := photo.ParseSize(s)
		if err != nil {
			return 0, invalid(quote(s)+" is not a valid size", sizeHint)
		}
		return int64(n), nil
	}
	least, most, isRange := strings.Cut(v, "..")
	less, more := int64(0), int64(0) // what a comparison without = leaves out
	switch {
	case isRange && v != "..":
	case strings.HasPrefix(v, ">=") && len(v) > 2:
		least, most = v[2:], ""
	case strings.HasPrefix(v, "<=") && len(v) > 2:
		least, most = "", v[2:]
	case strings.HasPrefix(v, ">") && len(v) > 1:
		least, most, more = v[1:], "", 1
	case strings.HasPrefix(v, "<") && len(v) > 1:
		least, most, less = "", v[1:], 1
	default:
		return nil, invalid(quote(v)+" is not a range of sizes", sizeHint)
	}
	from, err := parse(least, 0)
	if err != nil {
		return nil, err
	}
	to, err := parse(most, MaxSize)
	if err != nil {
		return nil, err
	}
	if more > 0 && from == MaxSize || less > to || from+more > to-less {
		return nil, invalid("no photo has such a size", sizeHint)
	}
	return Size{Least: from + more, Most: to - less}, nil
}

const nearHint = "write the latitude, the longitude and a distance: near:48.1,11.5,20km"

// farthest is half of the Earth's circumference, in metres.
const farthest = 20_037_500

func readNear(v string, _ time.Time) (Test, *photo.Error) {
	parts := strings.Split(v, ",")
	if len(parts) != 3 {
		return nil, invalid(quote(v)+" is not a place", nearHint)
	}
	number := func(s string, most float64) (float64, bool) {
		n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return n, err == nil && math.Abs(n) <= most
	}
	distance, unit := strings.ToLower(parts[2]), 1.0
	if d, ok := strings.CutSuffix(distance, "km"); ok {
		distance, unit = d, 1000
	} else if d, ok := strings.CutSuffix(distance, "m"); ok {
		distance = d
	} else {
		return nil, invalid("the distance has no unit", nearHint)
	}
	latitude, ok := number(parts[0], 90)
	longitude, ok2 := number(parts[1], 180)
	radius, ok3 := number(distance, farthest)
	switch {
	case !ok:
		return nil, invalid(quote(parts[0])+" is not a latitude from -90 to 90", nearHint)
	case !ok2:
		return nil, invalid(quote(parts[1])+" is not a longitude from -180 to 180", nearHint)
	case !ok3 || radius <= 0 || radius*unit > farthest:
		return nil, invalid(quote(parts[2])+" is not a distance up to 20037km", nearHint)
	}
	return Near{latitude, longitude, radius * unit}, nil
}

func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
