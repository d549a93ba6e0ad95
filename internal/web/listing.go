package web

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"photos/internal/photo"
	"photos/internal/service"
)

// listing is which photos a page lists, as its address says.
type listing struct {
	Search      string
	Month       string // of the date taken, such as 2024-07; a year, such as 2024, also
	ByTaken     bool
	Undescribed bool
	After       string // cursor; the photos after it
	Before      string // cursor; the photos before it
}

func parseListing(q url.Values) listing {
	l := listing{Search: q.Get("search"), Month: q.Get("month"), Undescribed: q.Has("undescribed"), After: q.Get("after"), Before: q.Get("before")}
	l.ByTaken = q.Get("by") == string(photo.ByTaken) || l.Month != ""
	return l
}

// filter returns the filter of the listing.
func (l listing) filter() (photo.Filter, error) {
	f := photo.Filter{Search: l.Search, Undescribed: l.Undescribed, By: photo.ByUploaded}
	if l.ByTaken {
		f.By = photo.ByTaken
	}
	if l.Month == "" {
		return f, nil
	}
	if t, err := time.Parse("2006-01", l.Month); err == nil {
		f.Since, f.Until = t, t.AddDate(0, 1, 0)
		return f, nil
	}
	t, err := time.Parse("2006", l.Month)
	if err != nil {
		return f, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.20q is neither a month nor a year", l.Month)}
	}
	f.Since, f.Until = t, t.AddDate(1, 0, 0)
	return f, nil
}

// Query returns the address of the listing, from "?" on, or "".
func (l listing) Query() string {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("search", l.Search)
	set("month", l.Month)
	set("after", l.After)
	set("before", l.Before)
	if l.ByTaken && l.Month == "" {
		q.Set("by", string(photo.ByTaken))
	}
	if l.Undescribed {
		q.Set("undescribed", "1")
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// First returns the listing from its start.
func (l listing) First() listing {
	l.After, l.Before = "", ""
	return l
}

// From returns the listing from a cursor on.
func (l listing) From(cursor string) listing {
	l.After, l.Before = cursor, ""
	return l
}

// Until returns the page of the listing that ends before a cursor.
func (l listing) Until(cursor string) listing {
	l.After, l.Before = "", cursor
	return l
}

// Paged reports whether the listing does not begin at its start.
func (l listing) Paged() bool { return l.After != "" || l.Before != "" }

// Order returns the whole listing in another order.
func (l listing) Order(taken bool) listing {
	l = l.First()
	l.ByTaken = taken
	if !taken {
		l.Month = ""
	}
	return l
}

// Narrow reports whether the listing leaves photos out.
func (l listing) Narrow() bool { return l.Search != "" || l.Month != "" || l.Undescribed }

// MonthName returns the month or year in words.
func (l listing) MonthName() string {
	if t, err := time.Parse("2006-01", l.Month); err == nil {
		return t.Format("January 2006")
	}
	return l.Month
}

// pageOf returns the page of a list that the cursors of a listing ask for. start is true when the page
// would be the first one, but not a full one: a browser is then sent to the start.
func (p *Pages) pageOf(ctx context.Context, by service.Caller, f photo.Filter, l listing) (page photo.Page, start bool, err error) {
	if l.Before == "" {
		page, err = p.service.Photos.List(ctx, by, f, l.After, pageSize)
		return page, false, err
	}
	page, err = p.service.Photos.ListBefore(ctx, by, f, l.Before, pageSize)
	return page, err == nil && page.Prev == "", err
}

// around returns the addresses of the pages after and before a page of the listing, or "" where there
// is none.
func (l listing) around(page photo.Page) (next, prev string) {
	if page.Next != "" {
		next = l.From(page.Next).Query()
	}
	if page.Prev != "" {
		prev = l.Until(page.Prev).Query()
	}
	return next, prev
}
