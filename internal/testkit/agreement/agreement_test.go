package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"photos/internal/picture"
	"photos/internal/picture/metadata"
	"photos/internal/testkit/sample"
)

// Real photos agree with exiftool, and the comparison finds every value that is changed.
func TestAgreement(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"exiftool", "ffprobe"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not on this machine", program)
		}
	}
	dir := filepath.Join(t.TempDir(), "samples")
	if err := sample.Collect(dir); err != nil {
		t.Fatal(err)
	}
	read := map[string]picture.Info{}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if read[file], err = metadata.Read(context.Background(), bytes.NewReader(b), int64(len(b))); err != nil {
			t.Fatal(err)
		}
	}
	text, agree := compare(t, read, "")
	if !agree || !strings.Contains(text, "Differences: 0\n") {
		t.Errorf("the service and exiftool disagree:\n%s", text)
	}
	for file := range read {
		if filepath.Base(file) != "sunrise.jpg" {
			delete(read, file)
		}
	}
	testJudgements(t, read)
	for name, change := range map[string]func(*picture.Info){
		"date     WRONG":   func(i *picture.Info) { i.TakenAt = picture.ParseDate("2001-02-03 04:05:06") },
		"date     missing": func(i *picture.Info) { i.TakenAt = picture.ParseDate("") },
		"size     other":   func(i *picture.Info) { i.Width, i.Height = i.Height, i.Width },
		"camera   other":   func(i *picture.Info) { i.Camera = "Box Brownie" },
		"position missing": func(i *picture.Info) { i.Position = nil },
		"position other":   func(i *picture.Info) { i.Position.Longitude++ },
	} {
		changed := map[string]picture.Info{}
		for file, info := range read {
			if info.Position != nil {
				position := *info.Position
				info.Position = &position
			}
			change(&info)
			changed[file] = info
		}
		if text, agree := compare(t, changed, ""); agree || !strings.Contains(text, "\n"+name) {
			t.Errorf("%q is not found:\n%s", name, text)
		}
	}
}

// testJudgements changes the caption of a photo. A judgement about exactly that makes it no difference. A judgement
// about a photo that agrees is an error, and one about a photo that is not there says nothing.
func testJudgements(t *testing.T, read map[string]picture.Info) {
	t.Helper()
	for file, info := range read {
		changed := info
		changed.Caption = "On the bench"
		line := func(file, caption string) string { return file + "\tcaption\t" + caption + "\tit was a bench\n" }
		for name, c := range map[string]struct {
			info   picture.Info
			judged string
			agree  bool
			want   string
		}{
			"judged":         {changed, "# a comment\n\n" + line(file, `"On the bench"`), true, "that were judged: 1\ncaption  "},
			"another value":  {changed, line(file, `"On the beach"`), false, "Differences: 1\ncaption  "},
			"no longer so":   {info, line(file, `"On the bench"`), false, "no longer hold: 1\ncaption  " + file},
			"another photo":  {info, line("another", `"On the bench"`), true, "no longer hold: 0\n"},
			"nothing judged": {changed, "", false, "Differences: 1\n"},
		} {
			if text, agree := compare(t, map[string]picture.Info{file: c.info}, c.judged); agree != c.agree || !strings.Contains(text, c.want) {
				t.Errorf("%s: agree %v, want %v and %q:\n%s", name, agree, c.agree, c.want, text)
			}
		}
	}
}

func TestReadJudgements(t *testing.T) {
	t.Parallel()
	const good = "0123\tdate\t\"2024-05-31\"\tthe other one is a scan\n"
	for text, want := range map[string]string{
		good:                             "",
		"0123\tdate\tthe reason\n":       "line 1 is not",
		"0123\tweather\t\"fair\"\tsun\n": "line 1 is not",
		"\n" + good + good:               "line 3 judges",
	} {
		name := filepath.Join(t.TempDir(), "judged")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readJudgements(name); want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	if _, err := readJudgements("judged.tsv"); err != nil {
		t.Error(err)
	}
}

// compare writes what the programs would print, and compares it with exiftool.
func compare(t *testing.T, read map[string]picture.Info, judged string) (text string, agree bool) {
	t.Helper()
	var uploaded, photos bytes.Buffer
	for file, i := range read {
		p := map[string]any{
			"id": file, "media_type": i.MediaType, "width": i.Width, "height": i.Height, "camera": i.Camera, "description": i.Caption,
			"taken_at": i.TakenAt, "taken_source": "embedded", "position_source": "embedded", "description_source": "embedded",
		}
		if i.Position != nil {
			p["position"] = map[string]float64{"latitude": i.Position.Latitude, "longitude": i.Position.Longitude}
		}
		if err := json.NewEncoder(&photos).Encode(p); err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&uploaded).Encode(map[string]string{"path": file, "id": file, "outcome": "uploaded"}); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	names := []string{filepath.Join(dir, "uploaded"), filepath.Join(dir, "photos"), filepath.Join(dir, "judged")}
	for i, b := range [][]byte{uploaded.Bytes(), photos.Bytes(), []byte(judged)} {
		if err := os.WriteFile(names[i], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	agree, err := run(context.Background(), names, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), agree
}

func TestMoments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ours, theirs string
		agree        bool
	}{
		{"2024-05-31T18:00:00", "2024:05:31 18:00:00", true},
		{"2024-05-31T18:00:00.25", "2024:05:31 18:00:00.250", true},
		{"2024-05-31T18:00:00", "2024:05:31 18:00:00.250", false},
		{"2024-05-31T18:00:00+02:00", "2024:05:31 18:00:00+02:00", true},
		{"2024-05-31T18:00:00Z", "2024:05:31 18:00:00+00:00", true},
		{"2024-05-31T18:00:00+01:00", "2024:05:31 18:00:00+02:00", false},
		{"2024-05-31T18:00:00Z", "2024:05:31 18:00:00", true},
		{"2024-05-31T00:00:00", "2024:05:31", true},
		{"2024-05-31T18:00:00", "2024:05:30 18:00:00", false},
		{"", "0000:00:00 00:00:00", true},
		{"", "1970:01:01 00:00:00", true},
	} {
		if got := parseMoment(c.ours).agrees(parseMoment(c.theirs)); got != c.agree {
			t.Errorf("%q agrees with %q: %v", c.ours, c.theirs, got)
		}
	}
}

func TestOtherLanguages(t *testing.T) {
	t.Parallel()
	c := claims{"PNG:Description-fi": "Rannalla", "PNG:Title": "Beach", "PNG:Title-de": "Strand", "IFD0:X-Resolution": 72.0}
	c.addOtherLanguages()
	if text, title := c.text("PNG:Description"), c.text("PNG:Title"); text != "Rannalla" || title != "Beach" || len(c) != 5 {
		t.Errorf("%q and %q: %v", text, title, c)
	}
}

func TestSameCamera(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, maker, model string
		same               bool
	}{
		{"NIKON D1", "NIKON CORPORATION", "NIKON D1", true},
		{"Canon EOS R6", "Canon", "Canon EOS R6", true},
		{"Eastman Kodak DC50", "Eastman Kodak Company", "DC50", true},
		{"Apple iPhone 6", "Apple", "iPhone 7", false},
		{"", "", "", true},
		{"Canon", "", "", false},
		{"", "Canon", "EOS", false},
	} {
		if got := sameCamera(c.name, c.maker, c.model); got != c.same {
			t.Errorf("%q is %q %q: %v", c.name, c.maker, c.model, got)
		}
	}
}

// Captions that cameras write are counted, each text once.
func TestLeftOutCaptions(t *testing.T) {
	t.Parallel()
	r := newReport(nil)
	claim := func(text string) claims { return claims{"IFD0:ImageDescription": text} }
	for _, path := range []string{"b.jpg", "a.jpg"} {
		r.add(path, photo{MediaType: "image/jpeg"}, claim("OLYMPUS DIGITAL CAMERA"), frame{})
	}
	r.add("c.jpg", photo{MediaType: "image/jpeg", Description: "On the bench"}, claim("On the beach"), frame{})
	var out strings.Builder
	r.print(&out)
	for _, want := range []string{
		"Differences: 1\ncaption  other    c.jpg: photos \"On the bench\", exiftool \"On the beach\"\n",
		"as captions: 1\n    2 × \"OLYMPUS DIGITAL CAMERA\", such as a.jpg\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
