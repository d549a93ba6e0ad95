package httpapi_test

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
)

func TestSmallPhotoIsOneRequest(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 4000)
	id := idOf(data)
	ada.upload(data, api.UploadMetadata{Filename: "../album/beach\n.jpg", ID: id, Description: "Sunset", DescriptionSource: photo.FromStdin}).has(http.StatusCreated, header{
		api.HeaderID: id.String(), api.HeaderOutcome: "uploaded", api.HeaderUploadOffset: strconv.Itoa(len(data)),
		api.HeaderUploadExpires: "", api.HeaderKept: "", "Location": api.PathUploads + "/" + id.String(),
	})
	var p api.Photo
	a := ada.call(http.MethodGet, photoPath(id), nil, nil)
	a.into(&p)
	if p.Name != "beach\n.jpg" || p.Description != "Sunset" || p.DescriptionSource != photo.FromStdin || p.Bytes != int64(len(data)) ||
		p.MediaType != "image/jpeg" || p.Width != 16 || p.TakenAt.String() != "2024-01-01T00:01:00" || a.header.Get("ETag") != `"1"` {
		t.Errorf("%+v", p)
	}
	ada.call(http.MethodHead, api.PathUploads+"/"+id.String(), tusHeader(nil), nil).has(http.StatusOK, header{api.HeaderUploadOffset: strconv.Itoa(len(data)), api.HeaderID: id.String()})
	if s.stagedCount() != 0 || s.blobCount() != 1 {
		t.Errorf("%d staged, %d blobs", s.stagedCount(), s.blobCount())
	}
}

func TestUploadOfAStoredPhoto(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 4000)
	id := idOf(data)
	ada.upload(data, api.UploadMetadata{}).has(http.StatusCreated, header{api.HeaderOutcome: "uploaded"})
	trash := func() { ada.call(http.MethodDelete, photoPath(id), nil, nil).has(http.StatusOK, nil) }
	for _, step := range []struct {
		what        string
		before      func()
		description string
		outcome     string
		kept        string
		is          string
	}{
		{what: "nothing new", outcome: "exists"},
		{what: "fills", description: "Sunset", outcome: "described", is: "Sunset"},
		{what: "the same", description: "Sunset", outcome: "exists", is: "Sunset"},
		{what: "keeps", description: "Dawn", outcome: "exists", kept: "true", is: "Sunset"},
		{what: "from the trash", before: trash, outcome: "restored", is: "Sunset"},
		{what: "from the trash, keeps", before: trash, description: "Dawn", outcome: "restored", kept: "true", is: "Sunset"},
	} {
		for _, announced := range []photo.ID{id, {}} { // before any byte, and after all of them
			if step.before != nil {
				step.before()
			}
			if announced.IsZero() && step.outcome == "described" {
				ada.json(http.MethodPatch, photoPath(id), nil, api.PhotoPatch{Description: new("")}).has(http.StatusOK, nil)
			}
			a := ada.upload(data, api.UploadMetadata{ID: announced, Description: step.description})
			a.has(http.StatusCreated, header{api.HeaderOutcome: step.outcome, api.HeaderKept: step.kept, api.HeaderUploadOffset: strconv.Itoa(len(data))})
			if p := ada.list(""); len(p) != 1 || p[0].Description != step.is {
				t.Errorf("%s: %+v", step.what, p)
			}
		}
	}
	if s.blobCount() != 1 || s.stagedCount() != 0 {
		t.Errorf("%d blobs, %d staged, want the first one only", s.blobCount(), s.stagedCount())
	}
}

// A picture without a date gets the best date that the client has. A better one replaces it
// later, whether the bytes come again or not.
func TestDatesFromOutsideThePicture(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	undated := []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01L\x00;")
	modified := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	sidecar := photo.Facts{Taken: photo.AtWallClock(modified), TakenSource: photo.FactSidecar}
	takeout := photo.Facts{
		Taken: photo.At(modified.AddDate(-1, 0, 0)), TakenSource: photo.FactTakeout,
		Position: &photo.Position{Latitude: 48.1, Longitude: -11.5}, PositionSource: photo.FactTakeout,
	}
	for _, announced := range []photo.ID{idOf(undated), {}} {
		for _, step := range []struct {
			what                  string
			facts                 photo.Facts
			taken, source, placed string
		}{
			{"nothing", photo.Facts{}, "", "", ""},
			{"modified", photo.Facts{Modified: modified}, "2020-01-02T03:04:05Z", "mtime", ""},
			{"takeout", takeout, "2019-01-02T03:04:05Z", "takeout", "takeout"},
			{"sidecar", sidecar, "2020-01-02T03:04:05", "sidecar", "takeout"},
			{"takeout again", takeout, "2020-01-02T03:04:05", "sidecar", "takeout"},
		} {
			ada.upload(undated, api.UploadMetadata{ID: announced, Facts: step.facts}).has(http.StatusCreated, nil)
			p := ada.list("")[0]
			if p.TakenAt.String() != step.taken || string(p.TakenSource) != step.source || string(p.PositionSource) != step.placed {
				t.Errorf("%s: taken at %q by %q, position by %q", step.what, p.TakenAt, p.TakenSource, p.PositionSource)
			}
			if st := ada.state(idOf(undated), photo.LookAtRow); string(st.TakenSource) != step.source || string(st.PositionSource) != step.placed {
				t.Errorf("%s: a check says %+v", step.what, st)
			}
			if step.what != "nothing" && !p.ModifiedAt.Equal(modified) {
				t.Errorf("%s: modified at %v", step.what, p.ModifiedAt)
			}
		}
		s.exec(`DELETE FROM photo`)
	}
	dated := jpeg(t, 1, 4000)
	ada.upload(dated, api.UploadMetadata{Facts: sidecar}).has(http.StatusCreated, nil)
	if p := ada.list("")[0]; p.TakenSource != photo.FactEmbedded || p.TakenAt.String() != "2024-01-01T00:01:00" {
		t.Errorf("a picture with a date: %q by %q", p.TakenAt, p.TakenSource)
	}
}

// A resumable upload that is cut keeps the facts of its creation. The client that resumes it
// may send better ones.
func TestFactsOfAResumableUpload(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	data := append([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"), make([]byte, 1<<20)...)
	meta := api.UploadMetadata{ID: idOf(data), Facts: photo.Facts{Modified: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)}}
	path := ada.begin(len(data), meta)
	ada.append(path, 0, data[:1000]).has(http.StatusNoContent, nil)
	if got := ada.call(http.MethodHead, path, tusHeader(nil), nil).header.Get(api.HeaderUploadMetadata); got != meta.String() {
		t.Errorf("HEAD says %q, want %q", got, meta)
	}
	meta.Facts.Taken, meta.Facts.TakenSource = photo.At(time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)), photo.FactTakeout
	h := appending(1000, "")
	h[api.HeaderUploadMetadata] = meta.String()
	ada.call(http.MethodPatch, path, h, data[1000:]).has(http.StatusNoContent, nil)
	if p := ada.list("")[0]; p.TakenSource != photo.FactTakeout || p.ModifiedAt.Year() != 2020 {
		t.Errorf("%+v", p)
	}
}

// A stored photo needs no bytes: the answer comes before any byte is sent.
func TestDuplicateIsAnsweredBeforeItsBytes(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	data := jpeg(t, 1, 1<<20)
	ada.upload(data, api.UploadMetadata{}).has(http.StatusCreated, nil)
	body, w := io.Pipe()
	defer w.Close()
	req := ada.request(http.MethodPost, api.PathUploads, withBytes(creating(len(data), api.UploadMetadata{ID: idOf(data)})), body)
	req.ContentLength = int64(len(data))
	res, err := ada.s.web.Client().Do(req)
	must(t, err)
	read(t, res).has(http.StatusCreated, header{api.HeaderOutcome: "exists", api.HeaderUploadOffset: strconv.Itoa(len(data))})
}

func TestUploadsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) { c.Limits.MaxUpload = 1 << 20 })
	ada := s.as("ada")
	data := jpeg(t, 1, 4000)
	size := len(data)
	text := bytes.Repeat([]byte("not a picture "), 1000)
	for name, c := range map[string]struct {
		header header
		body   []byte
		status int
		kind   photo.Kind
	}{
		"no version":               {header{api.HeaderUploadLength: "5"}, nil, 412, photo.KindUsage},
		"another version":          {header{api.HeaderTusResumable: "0.2.2", api.HeaderUploadLength: "5"}, nil, 412, photo.KindUsage},
		"no length":                {tusHeader(nil), nil, 400, photo.KindUsage},
		"deferred length":          {tusHeader(header{"Upload-Defer-Length": "1"}), nil, 400, photo.KindUsage},
		"part of a photo":          {withBytes(tusHeader(header{api.HeaderUploadLength: strconv.Itoa(size), api.HeaderUploadConcat: "partial"})), data, 400, photo.KindUsage},
		"negative length":          {tusHeader(header{api.HeaderUploadLength: "-1"}), nil, 400, photo.KindUsage},
		"length with a sign":       {tusHeader(header{api.HeaderUploadLength: "+5"}), nil, 400, photo.KindUsage},
		"endless length":           {tusHeader(header{api.HeaderUploadLength: "9223372036854775808"}), nil, 400, photo.KindUsage},
		"empty":                    {creating(0, api.UploadMetadata{}), nil, 415, photo.KindNotPicture},
		"too large":                {creating(1<<20+1, api.UploadMetadata{}), nil, 413, photo.KindTooLarge},
		"bad metadata":             {tusHeader(header{api.HeaderUploadLength: "5", api.HeaderUploadMetadata: "filename !"}), nil, 400, photo.KindUsage},
		"bad digest":               {tusHeader(header{api.HeaderUploadLength: "5", api.HeaderUploadMetadata: "sha256 YQ=="}), nil, 400, photo.KindUsage},
		"long name":                {creating(size, api.UploadMetadata{Filename: strings.Repeat("x", photo.MaxName+1)}), nil, 400, photo.KindUsage},
		"long description":         {creating(size, api.UploadMetadata{Description: strings.Repeat("x", photo.MaxDescription+1)}), nil, 400, photo.KindUsage},
		"description not in UTF-8": {creating(size, api.UploadMetadata{Description: "\xff"}), nil, 400, photo.KindUsage},
		"unknown source":           {creating(size, api.UploadMetadata{DescriptionSource: "dream"}), nil, 400, photo.KindUsage},
		"body of another type":     {creating(size, api.UploadMetadata{}), data, 415, photo.KindUsage},
		"more than announced":      {withBytes(creating(size-1, api.UploadMetadata{})), data, 413, photo.KindTooLarge},
		"not a picture":            {withBytes(creating(len(text), api.UploadMetadata{})), text, 415, photo.KindNotPicture},
		"not a picture, in part":   {withBytes(creating(len(text)+1, api.UploadMetadata{})), text, 415, photo.KindNotPicture},
		"other bytes":              {withBytes(creating(size, api.UploadMetadata{ID: photo.ID{1}})), data, 422, photo.KindDigestMismatch},
		"long writer":              {tusHeader(header{api.HeaderUploadLength: "5", api.HeaderWriter: strings.Repeat("w", 129)}), nil, 400, photo.KindUsage},
		"bad checksum":             {withBytes(tusHeader(header{api.HeaderUploadLength: strconv.Itoa(size), api.HeaderUploadChecksum: "sha1 YQ=="})), data, 400, photo.KindUsage},
		"unknown checksum":         {withBytes(tusHeader(header{api.HeaderUploadLength: strconv.Itoa(size), api.HeaderUploadChecksum: "crc32 YQ=="})), data, 400, photo.KindUsage},
	} {
		t.Run(name, func(*testing.T) {
			ada.call(http.MethodPost, api.PathUploads, c.header, c.body).refused(c.status, c.kind)
		})
	}
	if len(ada.list("")) != 0 || s.blobCount() != 0 || s.stagedCount() != 0 {
		t.Errorf("remaining: %d photos, %d blobs, %d staged", len(ada.list("")), s.blobCount(), s.stagedCount())
	}
}

func TestUploadInPieces(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 300_000)
	id := idOf(data)
	path := ada.begin(len(data), api.UploadMetadata{Filename: "a.jpg", ID: id, Description: "Sunset"})
	if st := ada.state(id, photo.LookAtRow); st.State != photo.Unfinished || api.PathUploads+"/"+st.Upload != path {
		t.Errorf("check says %+v of %s", st, path)
	}
	ada.append(path, 0, data[:100]).has(http.StatusNoContent, header{api.HeaderUploadOffset: "100", api.HeaderOutcome: ""})
	a := ada.append(path, 50, data[50:])
	a.refused(http.StatusConflict, photo.KindConflict)
	a.has(http.StatusConflict, header{api.HeaderUploadOffset: "100"})
	s.restart()
	ada.call(http.MethodHead, path, tusHeader(nil), nil).has(http.StatusOK, header{
		api.HeaderUploadOffset: "100", api.HeaderUploadLength: strconv.Itoa(len(data)),
		api.HeaderUploadMetadata: api.UploadMetadata{Filename: "a.jpg", ID: id, Description: "Sunset", DescriptionSource: photo.FromFlag}.String(),
	})
	if st := ada.state(id, photo.LookAtRow); st.Offset != 100 {
		t.Errorf("check says %+v", st)
	}
	ada.append(path, 100, data[100:]).has(http.StatusNoContent, header{
		api.HeaderUploadOffset: strconv.Itoa(len(data)), api.HeaderOutcome: "uploaded", api.HeaderID: id.String(), api.HeaderUploadExpires: "",
	})
	finished := header{
		api.HeaderUploadOffset: strconv.Itoa(len(data)), api.HeaderOutcome: "uploaded", api.HeaderID: id.String(), api.HeaderUploadExpires: "",
	}
	ada.call(http.MethodHead, path, tusHeader(nil), nil).has(http.StatusOK, finished)
	ada.append(path, len(data), []byte{}).has(http.StatusNoContent, finished)
	ada.append(path, 100, data[100:]).has(http.StatusConflict, finished).refused(http.StatusConflict, photo.KindConflict)
	if got := ada.call(http.MethodGet, photoPath(id)+"/content", nil, nil); !bytes.Equal(got.body, data) {
		t.Errorf("%d bytes came back, not the %d sent", len(got.body), len(data))
	}
	if s.stagedCount() != 0 || s.blobCount() != 1 {
		t.Errorf("%d staged, %d blobs", s.stagedCount(), s.blobCount())
	}
}

// The client that resumes an upload may replace the description of the creation.
func TestLaterDescriptionOfAnUploadWins(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	data := jpeg(t, 1, 4000)
	id := idOf(data)
	path := ada.begin(len(data), api.UploadMetadata{Filename: "a.jpg", ID: id, Description: "Wrong"})
	with := func(m api.UploadMetadata) header {
		h := withBytes(appending(0, ""))
		h[api.HeaderUploadMetadata] = m.String()
		return h
	}
	ada.call(http.MethodPatch, path, with(api.UploadMetadata{ID: photo.ID{1}}), data).refused(http.StatusBadRequest, photo.KindUsage)
	ada.call(http.MethodPatch, path, with(api.UploadMetadata{Filename: "b.jpg", ID: id, Description: "Sunset"}), data).has(http.StatusNoContent, header{api.HeaderOutcome: "uploaded"})
	var p api.Photo
	ada.call(http.MethodGet, photoPath(id), nil, nil).into(&p)
	if p.Name != "b.jpg" || p.Description != "Sunset" {
		t.Errorf("%q, described %q", p.Name, p.Description)
	}
}

// After a crash an upload may have all its bytes and no photo yet. An empty PATCH finishes
// it.
func TestEmptyPatchCompletesAnUpload(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 4000)
	path := ada.begin(len(data), api.UploadMetadata{})
	staged, err := s.blobs.Resume(context.Background(), "owner", strings.TrimPrefix(path, api.PathUploads+"/"), nil)
	must(t, err)
	_, err = staged.Write(data)
	must(t, err)
	must(t, staged.Close())
	ada.append(path, len(data), []byte{}).has(http.StatusNoContent, header{api.HeaderOutcome: "uploaded", api.HeaderID: idOf(data).String()})
}

func TestUploadThatCannotBecomeAPhotoIsGone(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	text := bytes.Repeat([]byte("not a picture "), 1000)
	path := ada.begin(len(text), api.UploadMetadata{})
	ada.append(path, 0, text[:10]).has(http.StatusNoContent, nil) // too few to recognize
	ada.append(path, 10, text[10:5000]).refused(http.StatusUnsupportedMediaType, photo.KindNotPicture)
	ada.append(path, 10, text[10:]).refused(http.StatusNotFound, photo.KindNotFound)

	data := jpeg(t, 1, 4000)
	path = ada.begin(len(data), api.UploadMetadata{ID: photo.ID{1}})
	ada.append(path, 0, data).refused(http.StatusUnprocessableEntity, photo.KindDigestMismatch)
	ada.append(path, 0, data).refused(http.StatusNotFound, photo.KindNotFound)
	if s.stagedCount() != 0 || s.blobCount() != 0 {
		t.Errorf("%d staged, %d blobs", s.stagedCount(), s.blobCount())
	}
}

func TestMoreBytesThanAnnounced(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	data := jpeg(t, 1, 4000)
	path := ada.begin(len(data), api.UploadMetadata{})
	ada.append(path, 0, append(bytes.Clone(data), 'x')).refused(http.StatusRequestEntityTooLarge, photo.KindTooLarge)
	req := ada.request(http.MethodPatch, path, appending(0, "w"), struct{ io.Reader }{bytes.NewReader(append(bytes.Clone(data), 'x'))}) // of unknown length
	res, err := ada.s.web.Client().Do(req)
	must(t, err)
	read(t, res).refused(http.StatusRequestEntityTooLarge, photo.KindTooLarge)
	offset, err := strconv.Atoi(ada.offset(path))
	must(t, err)
	ada.append(path, offset, data[offset:]).has(http.StatusNoContent, header{api.HeaderOutcome: "uploaded"})
}

func TestDeletedUpload(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	path := ada.begin(4000, api.UploadMetadata{})
	ada.call(http.MethodDelete, path, tusHeader(nil), nil).has(http.StatusNoContent, nil)
	for _, method := range []string{http.MethodHead, http.MethodPatch, http.MethodDelete} {
		ada.call(method, path, appending(0, "w"), nil).has(http.StatusNotFound, nil)
	}
	if s.stagedCount() != 0 {
		t.Errorf("%d staged", s.stagedCount())
	}
	// Some networks allow only GET and POST.
	path = ada.begin(4000, api.UploadMetadata{})
	req := ada.request(http.MethodPost, path, tusHeader(header{"X-HTTP-Method-Override": "DELETE"}), nil)
	res, err := s.web.Client().Do(req)
	must(t, err)
	read(t, res).has(http.StatusNoContent, nil)
}

func TestChecksumOfARequest(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 300_000)
	s1, s256 := sha1.Sum(data[:1000]), sha256.Sum256(data[1000:])
	sum := func(h header, algorithm string, value []byte) header {
		h[api.HeaderUploadChecksum] = algorithm + " " + base64.StdEncoding.EncodeToString(value)
		return h
	}
	path := ada.begin(len(data), api.UploadMetadata{ID: idOf(data)})
	ada.call(http.MethodPatch, path, sum(appending(0, "w"), "sha1", s1[:]), data[:1001]).refused(460, photo.KindDigestMismatch)
	ada.call(http.MethodHead, path, tusHeader(nil), nil).has(http.StatusOK, header{api.HeaderUploadOffset: "0"})
	ada.call(http.MethodPatch, path, sum(appending(0, "w"), "sha1", s1[:]), data[:1000]).has(http.StatusNoContent, nil)
	ada.call(http.MethodPatch, path, sum(appending(1000, "w"), "sha256", s256[:]), data[1000:]).has(http.StatusNoContent, header{api.HeaderOutcome: "uploaded"})

	other := jpeg(t, 2, 4000)
	h := func() header { return withBytes(creating(len(other), api.UploadMetadata{})) }
	whole := sha256.Sum256(other)
	ada.call(http.MethodPost, api.PathUploads, sum(h(), "sha256", s256[:]), other).refused(460, photo.KindDigestMismatch)
	ada.call(http.MethodPost, api.PathUploads, sum(h(), "sha256", whole[:]), other).has(http.StatusCreated, header{api.HeaderOutcome: "uploaded"})
	if s.stagedCount() != 0 || s.blobCount() != 2 {
		t.Errorf("%d staged, %d blobs", s.stagedCount(), s.blobCount())
	}
}

func TestConcurrentUploadsOfOnePhoto(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 60_000)
	outcomes := make([]string, 16)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			m := api.UploadMetadata{Filename: fmt.Sprintf("%d.jpg", i), ID: idOf(data)}
			if i%2 == 0 {
				m.ID = photo.ID{} // the service cannot answer before the bytes
			}
			outcomes[i] = ada.upload(data, m).header.Get(api.HeaderOutcome)
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, o := range outcomes {
		count[o]++
	}
	if count["uploaded"] != 1 || count["exists"] != len(outcomes)-1 {
		t.Errorf("outcomes %v", count)
	}
	if len(ada.list("")) != 1 || s.blobCount() != 1 || s.stagedCount() != 0 {
		t.Errorf("%d photos, %d blobs, %d staged", len(ada.list("")), s.blobCount(), s.stagedCount())
	}
}

// An upload continues although another one has brought the same photo: a client would take
// a missing upload for a failure.
func TestSlowerOfTwoUploadsOfAPhotoSucceeds(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 300_000)
	slow := ada.begin(len(data), api.UploadMetadata{ID: idOf(data)})
	ada.call(http.MethodPatch, slow, appending(0, "one"), data[:100_000]).has(http.StatusNoContent, nil)
	fast := ada.begin(len(data), api.UploadMetadata{ID: idOf(data)})
	ada.call(http.MethodPatch, fast, appending(0, "two"), data).has(http.StatusNoContent, header{api.HeaderOutcome: "uploaded"})
	must(t, s.service.Sweeper.Sweep(t.Context()))
	ada.call(http.MethodHead, slow, tusHeader(nil), nil).has(http.StatusOK, header{api.HeaderUploadOffset: "100000"})
	ada.call(http.MethodPatch, slow, appending(100_000, "one"), data[100_000:]).has(http.StatusNoContent, header{api.HeaderOutcome: "exists", api.HeaderID: idOf(data).String()})
	s.holdsOnly(ada, map[string][]byte{"the one": data})
}

// stalling is a PATCH that has sent some bytes and keeps its connection open.
type stalling struct {
	body *io.PipeWriter
	done chan answer // closed without an answer when the connection was cut
}

func (u user) stall(path string, offset int, writer string, some []byte, length int) *stalling {
	u.s.t.Helper()
	r, w := io.Pipe()
	req := u.request(http.MethodPatch, path, appending(offset, writer), r)
	req.ContentLength = int64(length)
	st := &stalling{w, make(chan answer, 1)}
	go func() {
		defer close(st.done)
		res, err := u.s.web.Client().Do(req)
		if err == nil {
			st.done <- read(u.s.t, res)
		}
	}()
	_, err := w.Write(some)
	must(u.s.t, err)
	// A HEAD of the same writer would stop its request.
	eventually(u.s.t, "the bytes arrived", func() bool {
		h := tusHeader(header{api.HeaderWriter: "onlooker"})
		return u.call(http.MethodHead, path, h, nil).header.Get(api.HeaderUploadOffset) == strconv.Itoa(offset+len(some))
	})
	u.s.t.Cleanup(func() { w.Close() })
	return st
}

// end breaks the connection, if the service has not, and waits until the request ends. An
// answer that came before is a refusal.
func (st *stalling) end(status int, kind photo.Kind) {
	st.body.CloseWithError(io.ErrClosedPipe)
	if a, ok := <-st.done; ok {
		a.refused(status, kind)
	}
}

func TestCutConnectionKeepsReceivedBytes(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	data := jpeg(t, 1, 300_000)
	path := ada.begin(len(data), api.UploadMetadata{ID: idOf(data)})
	st := ada.stall(path, 0, "w", data[:100_000], len(data))
	st.end(http.StatusRequestTimeout, photo.KindUnavailable)
	ada.append(path, 100_000, data[100_000:]).has(http.StatusNoContent, header{api.HeaderOutcome: "uploaded", api.HeaderID: idOf(data).String()})
}

// A newer request of a writer stops its older one, whose connection is dead.
func TestRetryStopsTheOlderRequest(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	data := jpeg(t, 1, 300_000)
	for _, writer := range []string{"w", ""} {
		path := ada.begin(len(data), api.UploadMetadata{})
		st := ada.stall(path, 0, writer, data[:100_000], len(data))
		h := tusHeader(header{api.HeaderWriter: writer})
		ada.call(http.MethodHead, path, h, nil).has(http.StatusOK, header{api.HeaderUploadOffset: "100000"})
		st.end(http.StatusConflict, photo.KindConflict)
		ada.call(http.MethodPatch, path, appending(100_000, writer), data[100_000:200_000]).has(http.StatusNoContent, nil)
		st = ada.stall(path, 200_000, writer, data[200_000:250_000], 100_000)
		ada.call(http.MethodPatch, path, appending(250_000, writer), data[250_000:]).has(http.StatusNoContent, header{api.HeaderID: idOf(data).String()})
		st.end(http.StatusConflict, photo.KindConflict)
	}
}

// Several requests send the last bytes at the same time, with one writer or without a
// writer. One stores the photo, and the others learn that nothing is missing.
func TestConcurrentRequestsWithTheLastBytes(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	for round := range 12 {
		writer, requests := []string{"w", ""}[round%2], 2+round
		data := jpeg(t, uint64(round), 300_000)
		path := ada.begin(len(data), api.UploadMetadata{Filename: "a.jpg"})
		ada.call(http.MethodPatch, path, appending(0, writer), data[:100_000]).has(http.StatusNoContent, nil)
		answers := make([]answer, requests)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = ada.call(http.MethodPatch, path, appending(100_000, writer), data[100_000:]) })
		}
		wg.Wait()
		finished := header{api.HeaderUploadOffset: strconv.Itoa(len(data)), api.HeaderOutcome: "uploaded", api.HeaderID: idOf(data).String()}
		stored := 0
		for _, a := range answers {
			if a.status == http.StatusNoContent {
				stored++
			} else {
				a.refused(http.StatusConflict, photo.KindConflict)
			}
			a.has(a.status, finished)
		}
		if stored != 1 {
			t.Errorf("%d of %d requests of writer %q stored the photo", stored, requests, writer)
		}
		ada.call(http.MethodHead, path, appending(0, writer), nil).has(http.StatusOK, finished)
		if got := ada.call(http.MethodGet, photoPath(idOf(data))+"/content", nil, nil); !bytes.Equal(got.body, data) {
			t.Errorf("%d bytes came back, not the %d sent", len(got.body), len(data))
		}
	}
	if s.stagedCount() != 0 || s.blobCount() != 12 {
		t.Errorf("%d staged, %d blobs", s.stagedCount(), s.blobCount())
	}
}

// A client that learns from HEAD that nothing is missing sends nothing more. So HEAD finishes
// an upload whose last request ended before it made the photo.
func TestHeadFinishesACompleteUpload(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 4000)
	path := ada.begin(len(data), api.UploadMetadata{})
	staged, err := s.blobs.Resume(context.Background(), "owner", strings.TrimPrefix(path, api.PathUploads+"/"), nil)
	must(t, err)
	_, err = staged.Write(data)
	must(t, errors.Join(err, staged.Close()))
	for range 2 {
		ada.call(http.MethodHead, path, tusHeader(nil), nil).has(http.StatusOK, header{
			api.HeaderUploadOffset: strconv.Itoa(len(data)), api.HeaderUploadLength: strconv.Itoa(len(data)), api.HeaderOutcome: "uploaded", api.HeaderID: idOf(data).String(),
		})
	}
	// An hour later the upload is gone.
	s.exec(`UPDATE upload SET expires_at = expires_at - 3600 * 1000000`)
	must(t, s.service.Sweeper.Sweep(t.Context()))
	ada.call(http.MethodHead, path, tusHeader(nil), nil).has(http.StatusNotFound, nil)
	s.holdsOnly(ada, map[string][]byte{"the photo": data})
}

func TestAnotherWriterWaitsForTheLease(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) { c.Limits.Lease = time.Minute })
	ada := s.as("ada")
	data := jpeg(t, 1, 300_000)
	path := ada.begin(len(data), api.UploadMetadata{})
	st := ada.stall(path, 0, "first", data[:100_000], len(data))
	a := ada.call(http.MethodPatch, path, appending(100_000, "second"), data[100_000:])
	a.refused(http.StatusLocked, photo.KindUnavailable)
	if a.header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After: %q", a.header.Get("Retry-After"))
	}
	_, err := st.body.Write(data[100_000:])
	must(t, err)
	must(t, st.body.Close())
	(<-st.done).has(http.StatusNoContent, header{api.HeaderID: idOf(data).String()})

	// Only the writer that stored the photo uploaded it.
	for writer, outcome := range map[string]string{"first": "uploaded", "second": "exists", "": "uploaded"} {
		ada.call(http.MethodHead, path, tusHeader(header{api.HeaderWriter: writer}), nil).has(http.StatusOK, header{api.HeaderOutcome: outcome})
	}
}

func TestIdleWriterLosesTheUpload(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) { c.Limits.Lease = 200 * time.Millisecond })
	ada := s.as("ada")
	data := jpeg(t, 1, 300_000)
	path := ada.begin(len(data), api.UploadMetadata{})
	st := ada.stall(path, 0, "first", data[:100_000], len(data))
	var a answer
	eventually(t, "the lease expired", func() bool {
		a = ada.call(http.MethodPatch, path, appending(100_000, "second"), data[100_000:200_000])
		return a.status != http.StatusLocked
	})
	a.has(http.StatusNoContent, header{api.HeaderUploadOffset: "200000"})
	st.end(http.StatusConflict, photo.KindConflict)
	ada.call(http.MethodPatch, path, appending(200_000, "second"), data[200_000:]).has(http.StatusNoContent, header{api.HeaderID: idOf(data).String()})
}

// The lease is longer than the test: another writer can only follow because the dead request
// ends.
func TestDeadConnectionIsCut(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) { c.HTTP.Stall, c.Limits.Lease = 100*time.Millisecond, time.Hour })
	ada := s.as("ada")
	data := jpeg(t, 1, 300_000)
	path := ada.begin(len(data), api.UploadMetadata{})
	st := ada.stall(path, 0, "first", data[:100_000], len(data))
	var a answer
	eventually(t, "the dead request ended", func() bool {
		a = ada.call(http.MethodPatch, path, appending(100_000, "second"), data[100_000:])
		return a.status != http.StatusLocked
	})
	a.has(http.StatusNoContent, header{api.HeaderID: idOf(data).String()})
	st.end(http.StatusRequestTimeout, photo.KindUnavailable)
}

func TestStoppedServiceKeepsReceivedBytes(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 300_000)
	path := ada.begin(len(data), api.UploadMetadata{})
	st := ada.stall(path, 0, "w", data[:100_000], len(data))
	s.restart()
	st.end(http.StatusRequestTimeout, photo.KindUnavailable)
	ada.append(path, 100_000, data[100_000:]).has(http.StatusNoContent, header{api.HeaderID: idOf(data).String()})
}

// A creation that is repeated because its answer was lost makes no second upload, which a
// later check could report and nobody would continue.
func TestRepeatedCreationIsOneUpload(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 300_000)
	h := creating(len(data), api.UploadMetadata{ID: idOf(data)})
	h[api.HeaderWriter] = "w"
	first := ada.call(http.MethodPost, api.PathUploads, h, nil).header.Get("Location")
	ada.call(http.MethodPost, api.PathUploads, h, nil).has(http.StatusCreated, header{"Location": first, api.HeaderUploadOffset: "0"})
	if n := s.stagedCount(); n != 1 {
		t.Errorf("%d staged", n)
	}
	st := ada.stall(first, 0, "w", data[:100_000], len(data))
	s.restart()
	st.end(http.StatusRequestTimeout, photo.KindUnavailable)
	if got := ada.state(idOf(data), photo.LookAtRow); got.State != photo.Unfinished || got.Offset != 100_000 {
		t.Errorf("check says %+v", got)
	}
	ada.append(first, 100_000, data[100_000:]).has(http.StatusNoContent, header{api.HeaderID: idOf(data).String()})
	if n := s.stagedCount(); n != 0 {
		t.Errorf("%d staged", n)
	}
}

// After a restart the offset is never larger than the file.
func TestOffsetIsTheLengthOfTheFile(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	data := jpeg(t, 1, 4000)
	path := ada.begin(len(data), api.UploadMetadata{ID: idOf(data)})
	name := strings.TrimPrefix(path, api.PathUploads+"/")
	must(t, s.blobs.Discard(context.Background(), name)) // the row remains, without bytes
	ada.call(http.MethodHead, path, tusHeader(nil), nil).has(http.StatusNotFound, nil)
	if st := ada.state(idOf(data), photo.LookAtRow); st.State != photo.Absent {
		t.Errorf("check says %+v", st)
	}
	ada.append(path, 0, data).refused(http.StatusNotFound, photo.KindNotFound)
	if _, err := s.store.HasUpload(context.Background(), name); err != nil {
		t.Error(err)
	}
}
