package sidecar

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/text/unicode/norm"

	"photos/internal/photo"
	"photos/internal/tag"
)

// An export of iCloud (privacy.apple.com) has a folder Photos, with the photos and with tables named
// Photo Details.csv, Photo Details-1.csv and so on, and a folder Albums with a table per album. In an
// export in several parts, each part has these folders, and a table may be about photos in another part.
//
// No document says what the tables are. These rules come from reports of users (immich-go issues 891
// and 924):
//
//   - The columns of Photo Details have the names imgName, fileChecksum, favorite, hidden, deleted,
//     originalCreationDate, viewCount, importDate.
//   - Dates are like "Saturday June 4,2022 12:11 PM GMT".
//   - The table of an album has one column, imgName or Images. A table may be empty.
//
// Photos of different folders of a library can have the same name. If two lines about a name differ,
// none is used.

// icloud has the tables of iCloud exports. It reads them at the first use.
type icloud struct {
	files Files
	paths []string // that the user gave

	once   sync.Once
	roots  []string             // the folders that have a folder Photos with tables, absolute
	about  map[string]icloudRow // by folded name
	tables map[string]bool      // the absolute paths of what was read
	broken error                // the tables that cannot be read
	told   atomic.Bool          // broken was returned
}

// An icloudRow is what the tables say about the photos of a name.
type icloudRow struct {
	taken    photo.Moment
	deleted  bool
	tags     []string
	listed   bool // in Photo Details
	conflict bool // two lines differ
}

// addTo adds what the tables say about the photo of this name in a folder. The error is that of a table
// that cannot be read.
func (c *icloud) addTo(found *Found, dir, name string) error {
	c.once.Do(c.load)
	if len(c.roots) == 0 {
		return nil
	}
	if !c.isPhotos(dir) {
		return nil
	}
	var err error
	if !c.told.Swap(true) {
		err = c.broken
	}
	row, there := c.row(name)
	if !there {
		return err
	}
	n := note{taken: row.taken}
	if row.conflict {
		n.taken = photo.Moment{}
	}
	n.addTo(&found.Facts, photo.FactTakeout)
	found.Facts.Tags = append(found.Facts.Tags, row.tags...)
	if row.deleted && !row.conflict {
		found.Skip = trashed
	}
	return err
}

// isPhotos reports whether the folder has the photos of an export.
func (c *icloud) isPhotos(dir string) bool {
	abs, err := filepath.Abs(cmp.Or(dir, "."))
	return err == nil && slices.ContainsFunc(c.roots, func(root string) bool { return abs == filepath.Join(root, "Photos") })
}

// row returns what is known about a name. The moving part of a live photo has no line of its own, unless
// the photo was exported as a video.
func (c *icloud) row(name string) (icloudRow, bool) {
	row, there := c.about[fold(name)]
	ext := filepath.Ext(name)
	if there || !moves(ext) {
		return row, there
	}
	for _, still := range []string{".heic", ".jpg", ".jpeg", ".png"} {
		if row, there = c.about[fold(strings.TrimSuffix(name, ext)+still)]; there {
			return row, true
		}
	}
	return row, false
}

// isTable reports whether the file at path is a table that was read.
func (c *icloud) isTable(path string) bool {
	c.once.Do(c.load)
	abs, err := filepath.Abs(path)
	return err == nil && c.tables[abs]
}

// load reads all tables below the paths.
func (c *icloud) load() {
	c.about, c.tables = map[string]icloudRow{}, map[string]bool{}
	for _, path := range c.paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			continue
		}
		for _, root := range append(folderAndThoseIn(c.files, abs), filepath.Dir(abs)) {
			if !slices.Contains(c.roots, root) && c.hasDetails(root) {
				c.roots = append(c.roots, root)
			}
		}
	}
	for _, root := range c.roots {
		for _, name := range c.csvNames(filepath.Join(root, "Photos")) {
			c.readTable(filepath.Join(root, "Photos", name), "")
		}
		for _, name := range c.csvNames(filepath.Join(root, "Albums")) {
			c.readTable(filepath.Join(root, "Albums", name), strings.TrimSuffix(name, filepath.Ext(name)))
		}
	}
}

// hasDetails reports whether a folder is the top of a part of an export.
func (c *icloud) hasDetails(root string) bool {
	return slices.ContainsFunc(c.csvNames(filepath.Join(root, "Photos")), func(name string) bool {
		return strings.HasPrefix(strings.ToLower(name), "photo details")
	}) || len(c.csvNames(filepath.Join(root, "Albums"))) > 0 && c.files.IsFolder(filepath.Join(root, "Photos"))
}

// csvNames returns the names of the tables in a folder.
func (c *icloud) csvNames(dir string) []string {
	if !c.files.IsFolder(dir) {
		return nil
	}
	names, _ := c.files.Names(dir) // a folder that cannot be listed has no tables
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.EqualFold(filepath.Ext(name), ".csv") })
	slices.Sort(names)
	return names
}

// readTable reads Photo Details, or the table of an album.
func (c *icloud) readTable(path, album string) {
	data, err := c.files.Read(path)
	if err != nil {
		c.broken = errors.Join(c.broken, &photo.Error{Kind: photo.KindUnreadable, Msg: "read " + path, Err: err})
		return
	}
	lines, isTable := parseICloud(data, album != "")
	if !isTable {
		return
	}
	c.tables[path] = true
	albumTag, err := tag.Normalize(album)
	for _, l := range lines {
		row := c.about[fold(l.name)]
		if album == "" {
			row.add(l)
		} else if err == nil && !slices.Contains(row.tags, albumTag) {
			row.tags = append(row.tags, albumTag)
		}
		c.about[fold(l.name)] = row
	}
}

// add adds a line of Photo Details.
func (r *icloudRow) add(l icloudLine) {
	r.conflict = r.conflict || r.listed && (r.taken.String() != l.taken.String() || r.deleted != l.deleted)
	r.taken, r.deleted, r.listed = l.taken, l.deleted, true
}

// An icloudLine is a line of a table.
type icloudLine struct {
	name    string
	taken   photo.Moment // zero when unknown
	deleted bool
}

// parseICloud reads a table. isTable is false for one of another program. Lines after one that cannot be
// read are ignored.
func parseICloud(data []byte, album bool) (lines []icloudLine, isTable bool) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return nil, album && errors.Is(err, io.EOF) // an album without photos
	}
	column := func(names ...string) int {
		return slices.IndexFunc(head, func(h string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(h))) })
	}
	name, taken, deleted := column("imgname", "images"), column("originalcreationdate"), column("deleted")
	if name < 0 || !album && taken < 0 {
		return nil, false
	}
	for {
		record, err := r.Read()
		if err != nil {
			return lines, true
		}
		if n := cell(record, name); n != "" {
			lines = append(lines, icloudLine{norm.NFC.String(n), icloudDate(cell(record, taken)), strings.EqualFold(cell(record, deleted), "yes")})
		}
	}
}

// cell returns a value of a line, or "".
func cell(record []string, i int) string {
	if i < 0 || i >= len(record) {
		return ""
	}
	return strings.TrimSpace(record[i])
}

// icloudDate reads a date of Photo Details. Some have 24 hours and "PM".
func icloudDate(s string) photo.Moment {
	s = strings.Join(strings.Fields(s), " ") // a narrow space stands before PM in some
	for _, layout := range []string{
		"Monday January 2,2006 3:04 PM GMT", "Monday January 2,2006 15:04 PM GMT", "Monday January 2,2006 15:04 GMT",
		"Monday January 2, 2006 3:04 PM GMT", "Monday January 2, 2006 15:04 GMT",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			if m := photo.At(t.UTC()); m.Plausible() {
				return m
			}
		}
	}
	return photo.Moment{}
}
