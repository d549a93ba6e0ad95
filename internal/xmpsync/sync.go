// Package xmpsync keeps descriptions, tags, dates and positions equal in XMP sidecars and on the service.
// It compares both with what was last seen equal (a three-way merge). What both sides have changed is a
// conflict, and stays on both sides until the user decides.
package xmpsync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/sidecar"
	"photos/internal/xmp"
)

// PhotoService is what a sync needs of the photo service. *client.Client implements it.
type PhotoService interface {
	Get(ctx context.Context, id photo.ID) (photo.Photo, error)
	List(ctx context.Context, f photo.Filter, limit int) iter.Seq2[photo.Photo, error]
	Edit(ctx context.Context, id photo.ID, patch api.PhotoPatch, version *int64) (photo.Photo, error)
}

// Options say how a sync runs.
type Options struct {
	Account  string // which account of which service
	StateDir string // where what was last seen is kept
	Prefer   Side   // the side that wins a conflict; None: nobody
	DryRun   bool   // change nothing
}

// A File is a local photo.
type File struct {
	Path string
	ID   photo.ID
}

// Outcome is what a sync did with a field.
type Outcome string

// The outcomes.
const (
	Written  Outcome = "written"  // the sidecar has the value of the service
	Sent     Outcome = "sent"     // the service has the value of the sidecar
	Conflict Outcome = "conflict" // both sides have changed it; both stay as they are
	Failed   Outcome = "failed"   // see Err
)

// A Change is what a sync did with one field of one photo.
type Change struct {
	Path, Sidecar  string
	ID             photo.ID
	Field          Field // empty for a photo that failed as a whole
	Outcome        Outcome
	Local, Service string // before; tags are separated by commas
	Err            error
}

// Summary counts photos.
type Summary struct {
	Photos, Changed, Conflicts, Failed int
	Absent                             int // not on the service
}

// Run syncs the sidecars of files and calls each with every change. Its error ends the run.
func Run(ctx context.Context, svc PhotoService, files []File, o Options, each func(Change)) (Summary, error) {
	s := syncer{Options: o, svc: svc, each: each}
	photos, err := s.fetch(ctx, files)
	if err != nil {
		return s.sum, err
	}
	byFolder := map[string][]File{}
	for _, f := range files {
		dir := filepath.Dir(f.Path)
		byFolder[dir] = append(byFolder[dir], f)
	}
	for _, dir := range slices.Sorted(maps.Keys(byFolder)) {
		if err := s.folder(ctx, dir, byFolder[dir], photos); err != nil {
			return s.sum, err
		}
	}
	return s.sum, nil
}

// syncer is one call of Run.
type syncer struct {
	Options
	svc  PhotoService
	each func(Change)
	sum  Summary
}

// fewPhotos is how many photos are asked for one by one. More are found in the list of all.
const fewPhotos = 32

// fetch returns the photos of the files that the service has.
func (s *syncer) fetch(ctx context.Context, files []File) (map[photo.ID]photo.Photo, error) {
	wanted := map[photo.ID]bool{}
	for _, f := range files {
		wanted[f.ID] = true
	}
	found := map[photo.ID]photo.Photo{}
	if len(wanted) <= fewPhotos {
		for id := range wanted {
			p, err := s.svc.Get(ctx, id)
			if err == nil {
				found[id] = p
			} else if photo.KindOf(err) != photo.KindNotFound {
				return nil, err
			}
		}
		return found, nil
	}
	for p, err := range s.svc.List(ctx, photo.Filter{}, 0) {
		if err != nil {
			return nil, err
		}
		if wanted[p.ID] {
			found[p.ID] = p
		}
	}
	return found, nil
}

// folder syncs the photos of one folder.
func (s *syncer) folder(ctx context.Context, dir string, files []File, photos map[photo.ID]photo.Photo) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	st, err := readState(s.StateDir, abs, s.Account)
	if err != nil {
		return err
	}
	names := sidecar.NamesIn(dir)
	for _, f := range files {
		p, there := photos[f.ID]
		if s.sum.Photos++; !there {
			s.sum.Absent++
			continue
		}
		if err := s.photo(ctx, f, p, names, st); err != nil {
			return errors.Join(err, s.keep(st))
		}
	}
	return s.keep(st)
}

func (s *syncer) keep(st *state) error {
	if s.DryRun || len(st.Photos) == 0 {
		return nil
	}
	return st.write()
}

// pair is a photo with both sides of it.
type pair struct {
	*syncer
	file     File
	photo    photo.Photo
	path     string // of the sidecar
	doc      *xmp.Document
	info     fs.FileInfo // of the sidecar; nil: there is none
	local    values
	service  values
	base     record
	toLocal  map[Field]string
	toRemote api.PhotoPatch
	tags     *[]string // for the sidecar
	changes  []Change
}

// photo syncs one photo. Its error ends the run; others are reported.
func (s *syncer) photo(ctx context.Context, f File, p photo.Photo, names sidecar.Names, st *state) error {
	name := filepath.Base(f.Path)
	dir := strings.TrimSuffix(f.Path, name)
	v := &pair{syncer: s, file: f, photo: p, toLocal: map[Field]string{}}
	v.path = dir + names.XMP(name, func(file string) string { return extensionIn(dir + file) })
	if err := v.read(); err != nil {
		s.fail(v, fmt.Errorf("%s: %w", filepath.Base(v.path), err))
		return nil
	}
	if base := st.Photos[name]; base.ID == p.ID {
		v.base = base
	}
	v.base.ID = p.ID
	v.decide()
	if err := v.apply(ctx); err != nil {
		return err
	}
	st.Photos[name] = v.base
	return nil
}

// extensionIn returns the extension that a sidecar says it is about. One that cannot be read says nothing.
func extensionIn(path string) string {
	data, _, err := readFile(path)
	if err != nil {
		return ""
	}
	return sidecar.ExtensionIn(data)
}

// read reads the sidecar and what the service says.
func (v *pair) read() error {
	data, info, err := readFile(v.path)
	switch {
	case err != nil:
		return err
	case info == nil:
		v.doc = xmp.NewDocument()
	case len(data) == 0:
		return errors.New("the sidecar is empty")
	default:
		if v.doc, err = xmp.ParseDocument(data); err != nil {
			return fmt.Errorf("not XMP that can be changed: %w", err)
		}
		v.info = info
	}
	v.local = packetValues(v.doc)
	return nil
}

// decide compares both sides.
func (v *pair) decide() {
	var inPicture map[Field]bool
	v.service, inPicture = serviceValues(v.photo)
	unknown := v.local.empty()
	for _, f := range scalars() {
		m := meeting{
			field: f, seen: slices.Contains(v.base.Seen, f), base: v.base.Scalars[f],
			local: v.local.Scalars[f], service: v.service.Scalars[f], unknown: unknown, inPicture: inPicture[f],
		}
		d := m.decide()
		if d.conflict && v.Prefer != None {
			d = decision{to: map[Side]Side{Local: Service, Service: Local}[v.Prefer]}
		}
		switch {
		case d.conflict:
			v.add(f, Conflict, m.local, m.service)
		case d.to == Local:
			v.toLocal[f] = m.service
			v.add(f, Written, m.local, m.service)
		case d.to == Service:
			v.send(f, m.local)
			v.add(f, Sent, m.local, m.service)
		case f.equal(m.local, m.service):
			v.see(f, m.local)
		}
	}
	v.decideTags(unknown)
}

// decideTags merges the tags.
func (v *pair) decideTags(unknown bool) {
	all := mergeTags(slices.Contains(v.base.Seen, Tags), v.base.Tags, v.local.Tags, v.service.Tags, unknown)
	local, service := strings.Join(v.local.Tags, ", "), strings.Join(v.service.Tags, ", ")
	if len(all) > photo.MaxTags {
		v.changes = append(v.changes, Change{Field: Tags, Outcome: Failed, Local: local, Service: service, Err: fmt.Errorf("the photo would have %d tags", len(all))})
		return
	}
	if !slices.Equal(all, v.local.Tags) {
		v.tags = &all
		v.add(Tags, Written, local, service)
	}
	if !slices.Equal(all, v.service.Tags) {
		v.toRemote.Tags = &all
		v.add(Tags, Sent, local, service)
	}
	if v.tags == nil && v.toRemote.Tags == nil {
		v.see(Tags, "")
	}
}

func (v *pair) add(f Field, o Outcome, local, service string) {
	v.changes = append(v.changes, Change{Field: f, Outcome: o, Local: local, Service: service})
}

// send puts a value into the request to the service.
func (v *pair) send(f Field, text string) {
	switch f {
	case Description:
		v.toRemote.Description, v.toRemote.Source = &text, photo.FromSidecar
	case Taken:
		var m photo.Moment
		_ = m.UnmarshalText([]byte(text)) // it was a Moment before
		v.toRemote.TakenAt = api.Nullable[photo.Moment]{Given: true, Value: &m}
	case Position:
		p := parsePlace(text)
		v.toRemote.Position = api.Nullable[api.Position]{Given: true, Value: &api.Position{Latitude: &p.Latitude, Longitude: &p.Longitude}}
	}
}

// see records that both sides have the value.
func (v *pair) see(f Field, text string) {
	if f == Tags {
		v.base.Tags = v.local.Tags
	} else {
		scalars := maps.Clone(v.base.Scalars)
		if scalars == nil {
			scalars = map[Field]string{}
		}
		if scalars[f] = text; text == "" {
			delete(scalars, f)
		}
		v.base.Scalars = scalars
	}
	if !slices.Contains(v.base.Seen, f) {
		v.base.Seen = append(slices.Clip(v.base.Seen), f)
	}
}

// apply changes the service and the sidecar, and reports it.
func (v *pair) apply(ctx context.Context) error {
	failed := map[Outcome]error{}
	if v.has(Sent) && !v.DryRun {
		_, err := v.svc.Edit(ctx, v.photo.ID, v.toRemote, &v.photo.Version)
		if photo.EndsRun(err) {
			return err
		}
		failed[Sent] = err
	}
	if v.has(Written) {
		failed[Written] = v.write()
	}
	v.end(failed)
	return nil
}

// end records and reports what was done. failed has the errors of the changes with an outcome.
func (v *pair) end(failed map[Outcome]error) {
	changed := false
	for _, c := range v.changes {
		if err := failed[c.Outcome]; err != nil {
			c.Outcome, c.Err = Failed, err
		} else {
			v.seeChange(c)
		}
		changed = changed || c.Outcome == Sent || c.Outcome == Written
		v.report(c)
	}
	if changed {
		v.sum.Changed++
	}
	if failed[Sent] == nil && failed[Written] == nil {
		v.seeTags()
	}
}

// seeTags records the tags that both sides have after a change.
func (v *pair) seeTags() {
	if v.tags != nil {
		v.local.Tags = *v.tags
	}
	if v.tags != nil || v.toRemote.Tags != nil {
		v.see(Tags, "")
	}
}

// seeChange records the value that both sides have after a change.
func (v *pair) seeChange(c Change) {
	switch {
	case c.Field == Tags: // both sides may have changed
	case c.Outcome == Sent:
		v.see(c.Field, c.Local)
	case c.Outcome == Written:
		v.see(c.Field, c.Service)
	}
}

// has reports whether there is a change with this outcome.
func (v *pair) has(o Outcome) bool {
	return slices.ContainsFunc(v.changes, func(c Change) bool { return c.Outcome == o })
}

// write changes the sidecar, or makes one.
func (v *pair) write() error {
	data, err := change(v.doc, v.toLocal, v.tags)
	if err != nil || v.DryRun {
		return err
	}
	return writeFile(v.path, data, v.info)
}

func (s *syncer) fail(v *pair, err error) {
	v.report(Change{Outcome: Failed, Err: &photo.Error{Kind: photo.KindUnreadable, Err: err}})
}

func (v *pair) report(c Change) {
	c.Path, c.Sidecar, c.ID = v.file.Path, v.path, v.file.ID
	switch c.Outcome {
	case Conflict:
		v.sum.Conflicts++
	case Failed:
		v.sum.Failed++
	}
	v.each(c)
}
