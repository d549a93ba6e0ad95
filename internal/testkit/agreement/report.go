package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The values that are compared, in the order of the columns.
const (
	dateValue     = "date"
	sizeValue     = "size"
	cameraValue   = "camera"
	positionValue = "position"
	captionValue  = "caption"
)

func values() []string {
	return []string{dateValue, sizeValue, cameraValue, positionValue, captionValue}
}

// goal is the share that has to agree. Captions have no goal: photos leaves those out that a
// camera writes by itself.
const goal = 0.99

// A count says for how many files exiftool has a value, for how many of them photos agrees, and
// for how many files only photos has one. Those have to be looked at: they are no share of anything.
type count struct{ agree, all, extra int }

func (c count) String() string {
	if c.all == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d", c.agree, c.all)
}

// A report gathers the comparisons.
type report struct {
	counts      map[string]map[string]*count // by media type and value
	files       map[string]int               // by media type
	telling     int                          // files with a date, a camera, a caption or a position
	wrong       int                          // dates and positions that exiftool reads nowhere in the file
	differences []string                     // that are not judged
	judged      []string                     // differences with their judgements
	judgements  judgements
	compared    map[string]bool     // by ID
	leftOut     map[string][]string // the files of each caption that photos leaves out
	notTaken    []string
	notCompared []string
}

func newReport(j judgements) *report {
	return &report{
		counts: map[string]map[string]*count{}, files: map[string]int{}, leftOut: map[string][]string{},
		judgements: j, compared: map[string]bool{},
	}
}

// refused notes a file that the service has not taken although exiftool sees a picture or a
// video in it.
func (r *report) refused(u upload, c claims) {
	mediaType := c.mediaType()
	if strings.HasPrefix(mediaType, "image/") || strings.HasPrefix(mediaType, "video/") {
		r.notTaken = append(r.notTaken, fmt.Sprintf("%s: %s (%s)", u.Path, mediaType, cmp.Or(u.Reason, u.Error.Message, u.Outcome)))
	}
}

// add compares one file, unless exiftool gave up on it.
func (r *report) add(path string, p photo, c claims, f frame) {
	if why := c.gaveUp(); why != "" {
		r.notCompared = append(r.notCompared, path+": "+why)
		return
	}
	r.files[p.MediaType]++
	r.compared[p.ID] = true
	telling := r.date(path, p, c)
	telling = r.camera(path, p, c) || telling
	telling = r.position(path, p, c) || telling
	telling = r.caption(path, p, c) || telling
	r.size(path, p, c, f)
	if telling {
		r.telling++
	}
}

// note counts a value that at least one side has. If only photos has it, and exiftool says that
// the file is damaged, nothing can be compared.
func (r *report) note(path string, p photo, value string, agree bool, kind, ours, theirs, damage string) {
	if kind == "extra" && damage != "" {
		r.notCompared = append(r.notCompared, fmt.Sprintf("%s, %s: %s", path, value, damage))
		return
	}
	if r.counts[p.MediaType] == nil {
		r.counts[p.MediaType] = map[string]*count{}
	}
	n := r.counts[p.MediaType][value]
	if n == nil {
		n = &count{}
		r.counts[p.MediaType][value] = n
	}
	switch {
	case kind == "extra":
		n.extra++
	case agree:
		n.agree++
		n.all++
		return
	default:
		n.all++
	}
	if value == captionValue && kind == "missing" { // many cameras write the same one
		r.leftOut[theirs] = append(r.leftOut[theirs], path)
		return
	}
	line := fmt.Sprintf("%-8s %-8s %s: photos %q, exiftool %q", value, kind, path, ours, theirs)
	if j := r.judgements[difference{p.ID, value}]; j != nil && j.ours == strconv.Quote(ours) {
		j.occurs = true
		r.judged = append(r.judged, line+": "+j.why)
		return
	}
	r.differences = append(r.differences, line)
}

// kindOf names a difference: a value that photos lacks, that only photos has, or another.
func kindOf(ours, theirs bool) string {
	switch {
	case !ours:
		return "missing"
	case !theirs:
		return "extra"
	}
	return "other"
}

func (r *report) date(path string, p photo, c claims) bool {
	ours := parseMoment(p.TakenAt)
	tag, theirs := c.date()
	if none := (moment{}); ours == none && theirs == none {
		return false
	}
	agree, kind := ours.agrees(theirs), kindOf(ours != moment{}, theirs != moment{})
	if !agree && ours != (moment{}) && theirs != (moment{}) && !c.hasClock(ours.clock) {
		kind = "WRONG"
		r.wrong++
	}
	r.note(path, p, dateValue, agree, kind, p.TakenAt, fmt.Sprintf("%s (%s%s%s)", c.text(tag), theirs.clock, theirs.fraction, theirs.zone)+" "+tag, c.damage())
	return true
}

func (r *report) size(path string, p photo, c claims, f frame) {
	ours, theirs := frame{p.Width, p.Height}, c.size()
	if ours == (frame{}) && theirs == (frame{}) && f == (frame{}) {
		return
	}
	agree := ours != (frame{}) && (ours == theirs || ours == f)
	r.note(path, p, sizeValue, agree, kindOf(p.Width > 0, theirs.width > 0 || agree), fmt.Sprint(ours), fmt.Sprint(theirs, " ffprobe ", f), c.damage())
}

func (r *report) camera(path string, p photo, c claims) bool {
	maker, model := c.camera()
	if p.Camera == "" && maker == "" && model == "" {
		return false
	}
	r.note(path, p, cameraValue, sameCamera(p.Camera, maker, model), kindOf(p.Camera != "", maker+model != ""), p.Camera, maker+" | "+model, c.damage())
	return true
}

// sameCamera reports whether a name has all words of the model, and the first word of the
// maker, unless the model begins with that.
func sameCamera(name, maker, model string) bool {
	split := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	have := split(name)
	if maker == "" && model == "" {
		return name == ""
	}
	for _, word := range split(model) {
		if !slices.Contains(have, word) {
			return false
		}
	}
	if words := split(maker); len(words) > 0 {
		return slices.ContainsFunc(have, func(w string) bool {
			return w == words[0] || slices.Contains(words, w) || strings.HasPrefix(w, words[0])
		})
	}
	return true
}

func (r *report) position(path string, p photo, c claims) bool {
	latitude, longitude, known := c.position()
	if p.Position == nil && !known {
		return false
	}
	const near = 1e-4
	agree, ours := false, ""
	if p.Position != nil {
		agree = known && math.Abs(p.Position.Latitude-latitude) < near && math.Abs(p.Position.Longitude-longitude) < near
		ours = fmt.Sprint(p.Position.Latitude, ",", p.Position.Longitude)
		if !agree && known {
			r.wrong++
		}
	}
	theirs := ""
	if known {
		theirs = fmt.Sprint(latitude, ",", longitude)
	}
	r.note(path, p, positionValue, agree, kindOf(p.Position != nil, known), ours, theirs, c.damage())
	return true
}

func (r *report) caption(path string, p photo, c claims) bool {
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	all := c.captions()
	if p.Description == "" && len(all) == 0 {
		return false
	}
	const kept = 4000 // of a longer text, photos keeps the start
	same := func(s string) bool {
		return words(s) == words(p.Description) || len(p.Description) > kept && strings.HasPrefix(words(s), words(p.Description))
	}
	r.note(path, p, captionValue, slices.ContainsFunc(all, same), kindOf(p.Description != "", len(all) > 0), p.Description, strings.Join(all, " | "), c.damage())
	return true
}

// print writes the report. It returns false if the goals are missed, or the judgements do not hold.
func (r *report) print(w io.Writer) bool {
	row := func(name string, files int, cells func(value string) string) {
		fmt.Fprintf(w, "%-28s %6d", name, files)
		for _, v := range values() {
			fmt.Fprintf(w, " %11s", cells(v))
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%-28s %6s", "format", "files")
	for _, v := range values() {
		fmt.Fprintf(w, " %11s", v)
	}
	fmt.Fprintln(w)
	sums, files := map[string]*count{}, 0
	for _, mediaType := range slices.Sorted(maps.Keys(r.files)) {
		files += r.files[mediaType]
		row(mediaType, r.files[mediaType], func(v string) string {
			n := r.counts[mediaType][v]
			if n == nil {
				n = &count{}
			}
			if sums[v] == nil {
				sums[v] = &count{}
			}
			sums[v].agree, sums[v].all, sums[v].extra = sums[v].agree+n.agree, sums[v].all+n.all, sums[v].extra+n.extra
			return n.String()
		})
	}
	outdated := r.judgements.outdated(r.compared)
	reached := len(r.differences) == 0 && len(outdated) == 0
	row("all", files, func(v string) string { return cmp.Or(sums[v], &count{}).String() })
	row("only photos has it", 0, func(v string) string { return fmt.Sprint(cmp.Or(sums[v], &count{}).extra) })
	row("agreement", 0, func(v string) string {
		n := cmp.Or(sums[v], &count{})
		share := float64(n.agree) / float64(max(n.all, 1))
		reached = reached && (v == captionValue || n.all == 0 || share >= goal)
		return fmt.Sprintf("%.2f %%", 100*share)
	})
	fmt.Fprintf(w, "\n%d formats, %d files with a date, a camera, a caption or a position; %d dates and positions that exiftool reads nowhere\n", len(r.files), r.telling, r.wrong)
	for _, part := range []struct {
		title string
		lines []string
	}{{"Differences", r.differences}, {"Judgements that no longer hold", outdated}, {"Differences that were judged", r.judged}, {"Texts that photos does not take as captions", r.leftOutLines()}, {"Not taken", r.notTaken}, {"Not compared, because exiftool gave up", r.notCompared}} {
		fmt.Fprintf(w, "\n%s: %d\n", part.title, len(part.lines))
		slices.Sort(part.lines)
		for _, line := range part.lines {
			fmt.Fprintln(w, line)
		}
	}
	return reached
}

// leftOutLines returns a line for each caption that photos leaves out: how many files have it, the
// text, and one of the files.
func (r *report) leftOutLines() []string {
	var lines []string
	for text, paths := range r.leftOut {
		lines = append(lines, fmt.Sprintf("%5d × %q, such as %s", len(paths), text, slices.Min(paths)))
	}
	return lines
}
