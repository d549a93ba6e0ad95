package httpapi_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	_ "image/jpeg"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"photos/internal/api"
	"photos/internal/photo"
)

// names returns the names of photos in their order.
func names(photos []api.Photo) string {
	var out []string
	for _, p := range photos {
		out = append(out, p.Name)
	}
	return strings.Join(out, " ")
}

// album uploads photos named 1 to n. Photo i was taken i minutes after the start of 2024.
func (u user) album(n int) []photo.ID {
	u.s.t.Helper()
	var ids []photo.ID
	for i := 1; i <= n; i++ {
		data := jpeg(u.s.t, uint64(i), 1000)
		u.upload(data, api.UploadMetadata{Filename: fmt.Sprint(i)}).has(http.StatusCreated, nil)
		ids = append(ids, idOf(data))
	}
	return ids
}

func TestList(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	ids := ada.album(4)
	ada.json(http.MethodPatch, photoPath(ids[1]), nil, api.PhotoPatch{Description: new("Sunset over Øresund")}).has(http.StatusOK, nil)
	ada.call(http.MethodDelete, photoPath(ids[3]), nil, nil).has(http.StatusOK, nil)
	for query, want := range map[string]string{
		"":                            "3 2 1",
		"?search=SUNSET+%C3%B8resund": "2",
		"?search=sunset+baltic":       "",
		"?undescribed=1":              "3 1",
		"?undescribed=false":          "3 2 1",
		"?trash=true":                 "4",
		"?by=taken&limit=2":           "3 2",
		"?by=taken&since=2024-01-01T00:02:00Z&until=2024-01-01T00:03:00Z": "2",
		"?id_prefix=" + strings.ToUpper(ids[2].String()[:8]):              "3",
		"?until=2020-01-01T00:00:00%2B02:00":                              "",
	} {
		if got := names(ada.list(query)); got != want {
			t.Errorf("%q lists %q, want %q", query, got, want)
		}
	}
	for _, query := range []string{
		"?limit=0", "?limit=5001", "?limit=x", "?by=name", "?since=yesterday", "?trash=maybe", "?id_prefix=xyz", "?serach=x",
		"?limit=1&limit=2", "?cursor=garbage", "?search=" + strings.Repeat("x", 2049), "?search=is:tiny", "?search=%22x", "?%zz",
		"?search=", "?search=%20%09", "?since=", "?until=+", "?by=", "?undescribed=", "?trash=", "?id_prefix=", "?limit=",
	} {
		ada.call(http.MethodGet, api.PathPhotos+query, nil, nil).refused(http.StatusBadRequest, photo.KindUsage)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	ada.album(5)
	var got []api.Photo
	for cursor := ""; ; {
		var page api.PhotoPage
		ada.call(http.MethodGet, api.PathPhotos+"?limit=2&cursor="+cursor, nil, nil).into(&page)
		got = append(got, page.Photos...)
		if cursor = page.Next; cursor == "" {
			break
		}
		ada.upload(jpeg(t, uint64(100+len(got)), 1000), api.UploadMetadata{Filename: "new"})
	}
	if names(got) != "5 4 3 2 1" {
		t.Errorf("listed %q", names(got))
	}
}

func TestDescribeOne(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	path := photoPath(ada.album(1)[0])
	for _, step := range []struct {
		what   string
		match  string
		body   string
		status int
		tag    string
		is     string
	}{
		{"any version", "", `{"description":"Sunset"}`, 200, `"2"`, "Sunset"},
		{"the version seen", `"2"`, `{"description":"Dawn","description_source":"sidecar"}`, 200, `"3"`, "Dawn"},
		{"an older version", `"2"`, `{"description":"Noon"}`, 412, "", "Dawn"},
		{"not a version", `W/"3"`, `{"description":"Noon"}`, 412, "", "Dawn"},
		{"any, explicitly", `*`, `{"description":"Noon"}`, 200, `"4"`, "Noon"},
		{"erases", "", `{"description":""}`, 200, `"5"`, ""},
		{"says nothing", "", `{}`, 400, "", ""},
		{"misspelt", "", `{"desciption":"x"}`, 400, "", ""},
		{"not JSON", "", `description=x`, 400, "", ""},
		{"two values", "", `{"description":"x"}{}`, 400, "", ""},
		{"too long", "", `{"description":"` + strings.Repeat("x", photo.MaxDescription+1) + `"}`, 400, "", ""},
		{"unknown source", "", `{"description":"x","description_source":"dream"}`, 400, "", ""},
	} {
		h := header{"Content-Type": "application/json", "If-Match": step.match}
		a := ada.call(http.MethodPatch, path, h, []byte(step.body)).has(step.status, header{"ETag": step.tag})
		if step.status != http.StatusOK {
			a.problem()
		}
		if p := ada.list("")[0]; p.Description != step.is {
			t.Errorf("%s: the description is %q", step.what, p.Description)
		}
	}
	ada.call(http.MethodPatch, path, header{"Content-Type": "text/plain"}, []byte("x")).refused(http.StatusUnsupportedMediaType, photo.KindUsage)
	ada.json(http.MethodPatch, photoPath(photo.ID{1}), nil, api.PhotoPatch{Description: new("")}).refused(http.StatusNotFound, photo.KindNotFound)
}

func TestDescribeMany(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	ids := ada.album(2)
	var res api.DescriptionsResponse
	ada.json(http.MethodPatch, api.PathPhotos, nil, api.DescriptionsPatch{Items: []api.DescriptionItem{
		{ID: ids[0], Description: strings.Repeat("x", photo.MaxDescription+1)},
		{ID: ids[0], Description: "Sunset", Source: photo.FromStdin},
		{ID: photo.ID{1}, Description: "nothing there"},
		{ID: ids[0], Description: "Dawn", OnlyIfEmpty: true},
		{ID: ids[1], Description: "Noon"},
	}}).into(&res)
	var got []string
	for _, r := range res.Results {
		switch {
		case r.Problem != nil:
			got = append(got, string(r.Problem.Kind))
		default:
			got = append(got, fmt.Sprint(r.Photo.Description, " ", r.Changed))
		}
	}
	want := []string{"usage", "Sunset true", "not_found", "Sunset false", "Noon true"}
	if !slices.Equal(got, want) {
		t.Errorf("results %q, want %q", got, want)
	}
	for i, id := range []photo.ID{ids[0], ids[0], {1}, ids[0], ids[1]} {
		if res.Results[i].ID != id {
			t.Errorf("result %d is about %s", i, res.Results[i].ID)
		}
	}
	ada.json(http.MethodPatch, api.PathPhotos, nil, api.DescriptionsPatch{Items: make([]api.DescriptionItem, photo.MaxDescribe+1)}).refused(http.StatusRequestEntityTooLarge, photo.KindTooLarge)
	ada.call(http.MethodPatch, api.PathPhotos, header{"Content-Type": "application/json"}, bytes.Repeat([]byte(" "), 9<<20)).refused(http.StatusRequestEntityTooLarge, photo.KindTooLarge)
}

func TestHistoryAndUndo(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	id := ada.album(1)[0]
	path := photoPath(id)
	for _, text := range []string{"Dawn", "Noon"} {
		ada.json(http.MethodPatch, path, nil, api.PhotoPatch{Description: new(text)}).has(http.StatusOK, nil)
	}
	var h api.History
	ada.call(http.MethodGet, path+"/history", nil, nil).has(http.StatusOK, header{"ETag": `"3"`}).into(&h)
	if h.ID != id || h.Version != 3 || len(h.Revisions) != 3 || h.Revisions[0].Description != "Noon" || !h.Revisions[1].Undo {
		t.Fatalf("history %+v", h)
	}
	back := api.Undo{To: h.Revisions[1].Number}
	for _, step := range []struct {
		what, match string
		to          api.Undo
		status      int
		tag         string
	}{
		{"an older version", `"2"`, back, 412, ""},
		{"not kept", `"3"`, api.Undo{To: 99}, 409, ""},
		{"one step", `"3"`, back, 200, `"4"`},
		{"the same step, repeated", `"3"`, back, 200, `"4"`},
		{"any version", "", api.Undo{To: h.Revisions[0].Number}, 200, `"5"`},
	} {
		a := ada.json(http.MethodPost, path+"/undo", header{"If-Match": step.match}, step.to).has(step.status, header{"ETag": step.tag})
		if step.status != http.StatusOK {
			a.problem()
		}
	}
	if p := ada.list("")[0]; p.Description != "Noon" || p.Version != 5 {
		t.Errorf("the photo is %+v", p)
	}
	ada.call(http.MethodDelete, path, nil, nil).has(http.StatusOK, nil)
	ada.call(http.MethodGet, path+"/history", nil, nil).refused(http.StatusNotFound, photo.KindNotFound)
}

// A version in an item is a precondition of only that item.
func TestDescribeManyVersions(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	ids := ada.album(2)
	first, third := int64(1), int64(3)
	items := []api.DescriptionItem{
		{ID: ids[0], Description: "Dawn", Version: &first},
		{ID: ids[0], Description: "Noon", Version: &first},
		{ID: ids[1], Description: "Noon", Version: &third},
		{ID: ids[0], Description: "Dawn", Version: &first}, // repeated, because its answer was lost
	}
	var res api.DescriptionsResponse
	ada.json(http.MethodPatch, api.PathPhotos, nil, api.DescriptionsPatch{Items: items}).into(&res)
	var got []string
	for _, r := range res.Results {
		if r.Problem != nil {
			got = append(got, string(r.Problem.Kind))
			continue
		}
		got = append(got, fmt.Sprint(r.Photo.Description, " ", r.Changed))
	}
	if want := []string{"Dawn true", "changed", "changed", "Dawn false"}; !slices.Equal(got, want) {
		t.Errorf("results %q, want %q", got, want)
	}
}

func TestTrash(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	id := ada.album(1)[0]
	var p api.Photo
	ada.call(http.MethodDelete, photoPath(id), nil, nil).into(&p)
	if days := p.PurgeAt.Sub(p.TrashedAt.Time).Hours() / 24; days != 30 {
		t.Errorf("kept for %v days", days)
	}
	again := p
	ada.call(http.MethodDelete, photoPath(id), nil, nil).into(&again)
	if !again.PurgeAt.Equal(p.PurgeAt.Time) {
		t.Errorf("deleted again, it is purged at %s, not %s", again.PurgeAt, p.PurgeAt)
	}
	for _, path := range []string{"", "/content"} {
		ada.call(http.MethodGet, photoPath(id)+path, nil, nil).refused(http.StatusNotFound, photo.KindNotFound)
	}
	if st := ada.state(id, photo.LookAtSize); st.State != photo.Trashed {
		t.Errorf("check says %+v", st)
	}
	for range 2 {
		ada.call(http.MethodPost, photoPath(id)+"/restore", nil, nil).has(http.StatusOK, nil)
	}
	if st := ada.state(id, photo.LookAtSize); st.State != photo.Stored {
		t.Errorf("check says %+v", st)
	}
	var me api.Me
	ada.call(http.MethodGet, api.PathMe, nil, nil).into(&me)
	if me.Photos != 1 || me.Bytes != 1000 || me.Issuer != "https://issuer.example/pool" || me.ExpiresAt.IsZero() {
		t.Errorf("me: %+v", me)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	id := ada.album(1)[0]
	purge := func() answer { return ada.call(http.MethodPost, photoPath(id)+"/purge", nil, nil) }
	purge().refused(http.StatusConflict, photo.KindConflict)
	ada.call(http.MethodDelete, photoPath(id), nil, nil).has(http.StatusOK, nil)
	s.as("bob").call(http.MethodPost, photoPath(id)+"/purge", nil, nil).refused(http.StatusNotFound, photo.KindNotFound)
	var p api.Photo
	purge().into(&p)
	if p.ID != id || p.TrashedAt.IsZero() {
		t.Errorf("purged %+v", p)
	}
	purge().refused(http.StatusNotFound, photo.KindNotFound)
	ada.call(http.MethodPost, photoPath(id)+"/restore", nil, nil).refused(http.StatusNotFound, photo.KindNotFound)
	if st := ada.state(id, photo.LookAtSize); st.State != photo.Absent {
		t.Errorf("check says %+v", st)
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	data := jpeg(t, 1, 3<<20)
	id := idOf(data)
	ada.upload(data, api.UploadMetadata{Filename: "Øre \"s\\und\"\n\u202egpj.exe"}).has(http.StatusCreated, nil)
	path := photoPath(id) + "/content"
	tag := `"` + id.String() + `"`
	whole := header{
		"ETag": tag, "Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes",
		"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "private, no-cache",
		"Content-Disposition": "attachment; filename*=utf-8''%C3%98re%20_s_und___gpj.exe",
	}
	for name, c := range map[string]struct {
		ask    header
		status int
		has    header
		body   []byte
	}{
		"all":               {nil, 200, whole, data},
		"from an offset":    {header{"Range": "bytes=1000000-"}, 206, header{"Content-Range": fmt.Sprintf("bytes 1000000-%d/%d", len(data)-1, len(data))}, data[1_000_000:]},
		"the same file":     {header{"Range": "bytes=10-19", "If-Range": tag}, 206, nil, data[10:20]},
		"another file":      {header{"Range": "bytes=10-19", "If-Range": `"x"`}, 200, nil, data},
		"the client has it": {header{"If-None-Match": tag}, 304, header{"ETag": tag}, nil},
	} {
		a := ada.call(http.MethodGet, path, c.ask, nil).has(c.status, c.has)
		if !bytes.Equal(a.body, c.body) {
			t.Errorf("%s: %d bytes, want %d", name, len(a.body), len(c.body))
		}
	}
	a := ada.call(http.MethodGet, path, header{"Range": "bytes=99999999-"}, nil)
	a.refused(http.StatusRequestedRangeNotSatisfiable, photo.KindUsage)
	a.has(http.StatusRequestedRangeNotSatisfiable, header{"Content-Range": fmt.Sprintf("bytes */%d", len(data)), "Content-Disposition": ""})
	head := ada.call(http.MethodHead, path, nil, nil).has(http.StatusOK, whole)
	if head.header.Get("Content-Length") != fmt.Sprint(len(data)) || len(head.body) != 0 {
		t.Errorf("HEAD: %v", head.header)
	}
}
func TestThumbnail(t *testing.T) {
	t.Parallel()
	all := start(t)
	ada, bob := all.as("ada"), all.as("bob")
	data := jpeg(t, 1, 200_000)
	id := idOf(data)
	ada.upload(data, api.UploadMetadata{}).has(http.StatusCreated, nil)
	path := photoPath(id) + "/thumbnail"
	tag := fmt.Sprintf(`"%s-512"`, id)
	a := ada.call(http.MethodGet, path+"?size=512", nil, nil).has(http.StatusOK, header{"ETag": tag, "Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff"})
	config, format, err := image.DecodeConfig(bytes.NewReader(a.body))
	if err != nil || format != "jpeg" || config.Width > 512 || config.Height > 512 {
		t.Errorf("%s of %d × %d pixels, %v", format, config.Width, config.Height, err)
	}
	ada.call(http.MethodGet, path, nil, nil).has(http.StatusOK, header{"ETag": fmt.Sprintf(`"%s-256"`, id)})
	ada.call(http.MethodGet, path+"?size=512", header{"If-None-Match": tag}, nil).has(http.StatusNotModified, nil)
	ada.call(http.MethodGet, path+"?size=300", nil, nil).refused(http.StatusBadRequest, photo.KindUsage)
	bob.call(http.MethodGet, path, nil, nil).refused(http.StatusNotFound, photo.KindNotFound)
	ada.call(http.MethodDelete, photoPath(id), nil, nil)
	ada.call(http.MethodGet, path, nil, nil).refused(http.StatusNotFound, photo.KindNotFound)

	raw := append([]byte("ARRI\x12\x34\x56\x78"), make([]byte, 4000)...)
	ada.upload(raw, api.UploadMetadata{}).has(http.StatusCreated, nil)
	ada.call(http.MethodGet, photoPath(idOf(raw))+"/thumbnail", nil, nil).refused(http.StatusNotFound, photo.KindNoRendition)
}

// Pictures that are damaged or too large to decode have no small pictures, and the log says which and
// why. Other photos have theirs.
func TestHostilePictures(t *testing.T) {
	t.Parallel()
	log := &lockedBuffer{}
	s := start(t, func(c *config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
	ada := s.as("ada")
	head := func(width, height uint32, depth byte) []byte { // of a PNG without pixels
		ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), width), height)
		ihdr = append(ihdr, depth, 6, 0, 0, 0)
		file := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), ihdr...)
		return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(ihdr))
	}
	for why, file := range map[string][]byte{
		"60000 × 60000 pixels":      head(60_000, 60_000, 8),
		"14000 × 14000 pixels need": head(14_000, 14_000, 16),
		"EOF":                       append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte("x"), 1000)...),
	} {
		ada.upload(file, api.UploadMetadata{}).has(http.StatusCreated, nil)
		ada.call(http.MethodGet, photoPath(idOf(file))+"/thumbnail", nil, nil).refused(http.StatusNotFound, photo.KindNoRendition)
		line := ""
		for l := range strings.Lines(log.String()) {
			if strings.Contains(l, "photo="+idOf(file).Short()) {
				line = l
			}
		}
		if !strings.Contains(line, "level=WARN") || !strings.Contains(line, why) {
			t.Errorf("%s: the log says %q", why, line)
		}
	}
	fine := jpeg(t, 1, 4000)
	ada.upload(fine, api.UploadMetadata{}).has(http.StatusCreated, nil)
	ada.call(http.MethodGet, photoPath(idOf(fine))+"/thumbnail", nil, nil).has(http.StatusOK, nil)
}

func TestSimilarAndDupes(t *testing.T) {
	t.Parallel()
	all := start(t)
	ada, bob := all.as("ada"), all.as("bob")
	ids := map[photo.ID]int{} // the picture in it: pictures of one seed look the same
	for seed := 1; seed <= 3; seed++ {
		for _, size := range []int{4000, 5000, 6000} {
			data := jpeg(t, uint64(seed), size)
			ids[idOf(data)] = seed
			ada.upload(data, api.UploadMetadata{}).has(http.StatusCreated, nil)
		}
	}
	one := idOf(jpeg(t, 1, 4000))
	var s api.SimilarPhotos
	ada.call(http.MethodGet, photoPath(one)+"/similar", nil, nil).into(&s)
	if len(s.Photos) != 0 || s.Pending != len(ids)-1 {
		t.Errorf("before the others were looked at: %+v", s)
	}
	for id := range ids {
		ada.call(http.MethodGet, photoPath(id)+"/thumbnail", nil, nil).has(http.StatusOK, nil)
	}
	ada.call(http.MethodGet, photoPath(one)+"/similar?distance=0", nil, nil).into(&s)
	if len(s.Photos) != 2 || s.Photos[0].Distance != 0 || s.Photos[0].ID == one || ids[s.Photos[0].ID] != 1 || ids[s.Photos[1].ID] != 1 {
		t.Errorf("similar to %s: %+v", one, s)
	}
	ada.call(http.MethodGet, photoPath(one)+"/similar?distance=64&limit=5", nil, nil).into(&s)
	if len(s.Photos) != 5 || ids[s.Photos[1].ID] != 1 || ids[s.Photos[2].ID] == 1 || s.Photos[3].Distance > s.Photos[4].Distance {
		t.Errorf("all sorted: %+v", s)
	}
	seen := map[int]int{}
	for cursor := ""; ; {
		var page api.Dupes
		path := api.PathDupes + "?distance=0&limit=1"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		ada.call(http.MethodGet, path, nil, nil).into(&page)
		if len(page.Groups) != 1 || len(page.Groups[0].Photos) != 3 {
			t.Fatalf("page %+v", page)
		}
		seen[ids[page.Groups[0].Photos[0].ID]]++
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 3 {
		t.Errorf("groups %v", seen)
	}
	var none api.Dupes
	bob.call(http.MethodGet, api.PathDupes, nil, nil).into(&none)
	if len(none.Groups) != 0 {
		t.Errorf("of another user: %+v", none)
	}
	bob.call(http.MethodGet, photoPath(one)+"/similar", nil, nil).refused(http.StatusNotFound, photo.KindNotFound)
	for _, query := range []string{"?distance=-1", "?distance=65", "?limit=0", "?distance=1&distance=2", "?cursor=1", "?color=red"} {
		ada.call(http.MethodGet, photoPath(one)+"/similar"+query, nil, nil).refused(http.StatusBadRequest, photo.KindUsage)
	}
	for _, query := range []string{"?distance=11", "?cursor=x", "?limit=5001"} {
		ada.call(http.MethodGet, api.PathDupes+query, nil, nil).refused(http.StatusBadRequest, photo.KindUsage)
	}
}
