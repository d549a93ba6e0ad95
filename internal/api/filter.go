package api

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"photos/internal/filter"
	"photos/internal/photo"
)

// filterKey is a query parameter of a filter. write returns "" if the filter does not use the
// parameter. read never gets a blank value.
type filterKey struct {
	name  string
	write func(photo.Filter) string
	read  func(*photo.Filter, string) error
}

// filterKeys returns every parameter. A new field of photo.Filter needs a line here.
func filterKeys() []filterKey {
	return []filterKey{
		{"search", func(f photo.Filter) string { return f.Search }, readSearch},
		{"since", func(f photo.Filter) string { return writeTime(f.Since) }, readTime(func(f *photo.Filter) *time.Time { return &f.Since })},
		{"until", func(f photo.Filter) string { return writeTime(f.Until) }, readTime(func(f *photo.Filter) *time.Time { return &f.Until })},
		{"by", func(f photo.Filter) string { return string(f.By) }, readOrder},
		{"undescribed", func(f photo.Filter) string { return writeBool(f.Undescribed) }, readBool(func(f *photo.Filter) *bool { return &f.Undescribed })},
		{"trash", func(f photo.Filter) string { return writeBool(f.Trash) }, readBool(func(f *photo.Filter) *bool { return &f.Trash })},
		{"id_prefix", func(f photo.Filter) string { return f.IDPrefix }, readPrefix},
	}
}

// EncodeFilter returns the query parameters that select the same photos as f.
func EncodeFilter(f photo.Filter) url.Values {
	q := url.Values{}
	for _, k := range filterKeys() {
		if value := k.write(f); value != "" {
			q.Set(k.name, value)
		}
	}
	return q
}

// DecodeFilter reads the parameters that EncodeFilter writes, and removes them from q, so that
// the caller can refuse the remaining ones. A blank parameter is an error: it never means
// every photo.
func DecodeFilter(q url.Values) (photo.Filter, error) {
	var f photo.Filter
	for _, k := range filterKeys() {
		if !q.Has(k.name) {
			continue
		}
		value, err := TakeParameter(q, k.name)
		if err != nil {
			return f, err
		}
		if err := k.read(&f, value); err != nil {
			return f, &photo.Error{Kind: photo.KindUsage, Msg: k.name + ": " + err.Error(), Hint: photo.HintOf(err)}
		}
	}
	return f, nil
}

// TakeParameter removes a parameter from q and returns its only value. A blank value is an
// error, and so is a parameter that is given twice.
func TakeParameter(q url.Values, name string) (string, error) {
	values := q[name]
	q.Del(name)
	switch {
	case len(values) != 1:
		return "", badValue("%.40q is given %d times", name, len(values))
	case photo.IsBlank(values[0]):
		return "", &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.40q is empty", name), Hint: "leave it out"}
	}
	return values[0], nil
}

// readSearch checks the text, in which times without an offset are UTC.
func readSearch(f *photo.Filter, v string) error {
	f.Search = v
	_, err := filter.Parse(v, time.Now().UTC())
	return err
}

func readOrder(f *photo.Filter, v string) error {
	switch by := photo.Order(v); by {
	case photo.ByUploaded, photo.ByTaken:
		f.By = by
		return nil
	}
	return badValue("%.40q is neither uploaded nor taken", v)
}

func readPrefix(f *photo.Filter, v string) error {
	if !photo.IsHex(v) || len(v) > 2*len(photo.ID{}) {
		return badValue("%.80q is not the start of an ID", v)
	}
	f.IDPrefix = strings.ToLower(v)
	return nil
}

// writeTime keeps the offset of t, because the bounds of photo.Filter need both the instant and
// the wall clock.
func writeTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

func readTime(field func(*photo.Filter) *time.Time) func(*photo.Filter, string) error {
	return func(f *photo.Filter, v string) error {
		t, err := time.Parse(time.RFC3339Nano, v)
		if err != nil {
			return badValue("%.60q is not a time like 2024-05-31T18:00:00Z", v)
		}
		*field(f) = t
		return nil
	}
}

func writeBool(b bool) string {
	if b {
		return "1"
	}
	return ""
}

func readBool(field func(*photo.Filter) *bool) func(*photo.Filter, string) error {
	return func(f *photo.Filter, v string) error {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return badValue("%.40q is neither 1 nor 0", v)
		}
		*field(f) = b
		return nil
	}
}

func badValue(format string, args ...any) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf(format, args...)}
}
