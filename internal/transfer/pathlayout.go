package transfer

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"photos/internal/photo"
)

// PathLayout says where in a folder the files of photos go.
type PathLayout struct{ items []layoutItem }

// layoutItem is a text that stays, or a field of the photo.
type layoutItem struct {
	text  string // of an item without a field
	field string
	arg   string // what follows the field's colon
}

// LayoutOriginal is a layout with the folders that the photos had before they were uploaded.
const LayoutOriginal = "original"

// undated replaces the date of a photo without one.
const undated = "undated"

// noDate marks the place of a date that is not known. No layout and no safe name has this byte.
const noDate = "\x00"

// ParsePathLayout reads a layout such as {taken:2006}/{taken:01}/{name}. Its errors are of
// photo.KindUsage.
func ParsePathLayout(layout string) (*PathLayout, error) {
	if layout == LayoutOriginal {
		layout = "{folder}/{name}"
	}
	if strings.HasSuffix(layout, "/") {
		layout += "{name}"
	}
	items, err := layoutItems(layout)
	if err != nil {
		return nil, err
	}
	l := &PathLayout{items}
	last := l.lastPart()
	switch {
	case photo.IsBlank(layout):
		return nil, badLayout("the layout is empty", "")
	case slices.ContainsFunc(strings.Split(layout, "/"), func(part string) bool { return part == "." || part == ".." }):
		return nil, badLayout("a layout has no . and .. in it", "-o names the folder")
	case strings.HasPrefix(layout, "/"):
		return nil, badLayout("a layout does not begin with a slash", "-o names the folder")
	case !slices.ContainsFunc(last, func(i layoutItem) bool { return slices.Contains([]string{"name", "stem", "id"}, i.field) }):
		return nil, badLayout("the last part of the layout is the name of the file, and has neither {name}, {stem} nor {id}", "for example {taken:2006}/{name}")
	case !slices.ContainsFunc(last, func(i layoutItem) bool {
		return i.field == "name" || i.field == "ext" || strings.Contains(i.text, ".")
	}):
		l.items = append(l.items, layoutItem{text: "."}, layoutItem{field: "ext"})
	}
	return l, nil
}

func badLayout(msg, hint string) error {
	if hint == "" {
		hint = "for example {taken:2006}/{taken:01}/{name}, or original"
	}
	return &photo.Error{Kind: photo.KindUsage, Msg: msg, Hint: hint}
}

// layoutItems splits a layout into its texts and fields.
func layoutItems(layout string) ([]layoutItem, error) {
	var items []layoutItem
	for rest := layout; rest != ""; {
		before, after, open := strings.Cut(rest, "{")
		if strings.ContainsAny(before, "}\\\x00") {
			return nil, badLayout(fmt.Sprintf("%.40q has a character that a layout cannot have", before), "folders are separated by /, and fields are written as {name}")
		}
		if before != "" {
			items = append(items, layoutItem{text: before})
		}
		if !open {
			break
		}
		inner, end, closed := strings.Cut(after, "}")
		if !closed {
			return nil, badLayout(fmt.Sprintf("%.40q has no }", "{"+after), "")
		}
		i := layoutItem{}
		i.field, i.arg, _ = strings.Cut(inner, ":")
		if err := i.check(); err != nil {
			return nil, err
		}
		items, rest = append(items, i), end
	}
	return items, nil
}

// LayoutFields returns the fields that a layout may have.
func LayoutFields() []string {
	return []string{"name", "stem", "ext", "id", "taken", "uploaded", "folder", "camera"}
}

// check refuses a field that does not exist, or that has the wrong argument.
func (i layoutItem) check() error {
	const dates = "write the date 2006-01-02 15:04:05 in the form that you want, such as {taken:2006-01}"
	switch i.field {
	case "name", "stem", "ext", "folder", "camera":
		if i.arg != "" {
			return badLayout(fmt.Sprintf("{%s} has nothing after it, but is written {%s:%.20s}", i.field, i.field, i.arg), "")
		}
	case "id":
		if !regexp.MustCompile(`^(|[89]|[1-5][0-9]|6[0-4])$`).MatchString(i.arg) {
			return badLayout(fmt.Sprintf("{id:%.20s} is not a number of digits from 8 to 64", i.arg), "for example {id:8}")
		}
	case "taken", "uploaded":
		if !regexp.MustCompile(`^(2006|06|01|02|15|04|05|January|Jan|Monday|Mon|[-_./ T])+$`).MatchString(i.arg) {
			return badLayout(fmt.Sprintf("{%s:%.20s} is not a form of a date", i.field, i.arg), dates)
		}
	default:
		return badLayout(fmt.Sprintf("%.20q is not a field of a layout", i.field), "the fields are "+strings.Join(LayoutFields(), ", "))
	}
	return nil
}

// lastPart returns the items after the last slash.
func (l *PathLayout) lastPart() []layoutItem {
	var last []layoutItem
	for _, i := range l.items {
		text := i.text + i.arg
		if i.field == "folder" {
			text = "/"
		}
		if at := strings.LastIndexByte(text, '/'); at >= 0 {
			last = nil
			if i.text = text[at+1:]; i.field == "folder" || i.text == "" {
				continue
			}
		}
		last = append(last, i)
	}
	return last
}

// Path returns the path for the file of a photo. It is relative and has slashes, and each of its
// parts is a safe name.
func (l *PathLayout) Path(p photo.Photo) string {
	folder, name := l.place(p)
	return path.Join(folder, name)
}

// place returns the folder and the name for the file of a photo. The folder is relative and has
// slashes. Both have safe names only.
func (l *PathLayout) place(p photo.Photo) (folder, name string) {
	var all strings.Builder
	for _, i := range l.items {
		all.WriteString(i.value(p))
	}
	parts := strings.Split(all.String(), "/")
	last := len(parts) - 1
	var folders []string
	for _, part := range parts[:last] {
		if strings.Contains(part, noDate) {
			part = undated
			if len(folders) > 0 && folders[len(folders)-1] == undated {
				continue // {taken:2006}/{taken:01} is one folder for photos without a date
			}
		}
		if part = photo.SafeName(part); part != "" {
			folders = append(folders, part)
		}
	}
	p.Name = strings.ReplaceAll(parts[last], noDate, undated)
	return path.Join(folders...), p.FileName()
}

// value returns the text of an item for a photo. Only folders and dates have slashes in it.
func (i layoutItem) value(p photo.Photo) string {
	ext := path.Ext(p.Name)
	switch i.field {
	case "name":
		return onePart(p.Name)
	case "stem":
		return onePart(strings.TrimSuffix(p.Name, ext))
	case "ext":
		return onePart(strings.TrimPrefix(ext, "."))
	case "id":
		digits := len(p.ID.String())
		if i.arg != "" {
			_, _ = fmt.Sscan(i.arg, &digits) // check has read it
		}
		return p.ID.String()[:digits]
	case "taken":
		return dateIn(p.TakenAt.Time(), i.arg)
	case "uploaded":
		return dateIn(p.UploadedAt.UTC(), i.arg)
	case "folder":
		return strings.ReplaceAll(p.Folder, noDate, "_")
	case "camera":
		if photo.IsBlank(p.Camera) {
			return "unknown"
		}
		return onePart(p.Camera)
	}
	return i.text
}

func dateIn(t time.Time, form string) string {
	if t.IsZero() {
		return noDate
	}
	return t.Format(form)
}

// onePart returns s without the separators of folders.
func onePart(s string) string { return strings.NewReplacer("/", "_", noDate, "_").Replace(s) }
