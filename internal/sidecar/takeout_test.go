package sidecar_test

import (
	"encoding/json"
	"testing"

	"photos/internal/photo"
	"photos/internal/sidecar"
)

// about is the JSON of a photo as Takeout writes it, cut to a few of its fields.
func about(t *testing.T, title, description string) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{
		"title": title, "description": description, "imageViews": "3",
		"photoTakenTime": map[string]string{"timestamp": "1532281602", "formatted": "Jul 22, 2018, 5:46:42 PM UTC"},
		"geoData":        map[string]float64{"latitude": 0, "longitude": 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const smileys = "😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚😋"

// Pairs of a photo and the JSON that is about it, as exports name them.
func TestTakeoutJSONOfEveryName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ photo, json, title string }{
		// The plain forms, old and new, and the new one cut short.
		{"IMG_1.jpg", "IMG_1.jpg.json", "IMG_1.jpg"},
		{"IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json", "IMG_1.jpg"},
		{"IMG_1.jpg", "IMG_1.jpg.supplemental-met.json", "IMG_1.jpg"},
		{"IMG_1.jpg", "IMG_1.jpg.suppl.json", "IMG_1.jpg"},
		{"IMG_1.jpg", "IMG_1.JPG.json", "IMG_1.JPG"},
		{"PXL_20211013_220651983.NIGHT.long-name-4.jpg", "PXL_20211013_220651983.NIGHT.long-name-4.jpg.s.json", "PXL_20211013_220651983.NIGHT.long-name-4.jpg"},
		{"PXL_20211013_220651983.NIGHT.long-names4.jpg", "PXL_20211013_220651983.NIGHT.long-names4.jpg..json", "PXL_20211013_220651983.NIGHT.long-names4.jpg"},
		{"PXL_20210102_221126856.MP~2.jpg", "PXL_20210102_221126856.MP~2.jpg.json", "PXL_20210102_221126856.MP~2.jpg"},
		{"scan without a kind", "scan without a kind.json", "scan without a kind"},

		// Numbered ones.
		{"IMG_1(1).jpg", "IMG_1.JPG(1).json", "IMG_1.JPG"},
		{"IMG_1(1).jpg", "IMG_1.jpg.supplemental-metadata(1).json", "IMG_1.jpg"},
		{"IMG_1(12).jpg", "IMG_1.jpg.supp(12).json", "IMG_1.jpg"},
		{"IMG_1(1).jpg", "IMG_1(1).jpg.json", "IMG_1(1).jpg"},
		{"IMG_1(18).jpg", "IMG_1(18).jpg.supple(18).json", "IMG_1(18).jpg"},

		// Without the photo's extension.
		{"Peanut Butter Balls.jpg", "Peanut Butter Balls.supplemental-metadata.json", "Peanut Butter Balls"},
		{"2013-12-23(1).jpg", "2013-12-23.supplemental-metadata(1).json", "2013-12-23"},
		{"2013.12.23.jpg", "2013.12.23.json", "2013.12.23.jpg"},

		// Edited copies.
		{"IMG_1-edited.jpg", "IMG_1.jpg.json", "IMG_1.jpg"},
		{"IMG_1-edited.jpg", "IMG_1.HEIC.supplemental-metadata.json", "IMG_1.HEIC"},
		{"223408930398450-edited.jpg", "223408930398450.supplemental-metadata.json", "223408930398450"},
		{"IMG_1-bearbeitet.JPG", "IMG_1.JPG.json", "IMG_1.JPG"},
		{"IMG-2015-WA0000-modifié.jpg", "IMG-2015-WA0000.jpg.json", "IMG-2015-WA0000.jpg"},
		{"IMG-2015-WA0000-modifie\u0301.jpg", "IMG-2015-WA0000.jpg.json", "IMG-2015-WA0000.jpg"},
		{"IMG_1-ha editado.jpg", "IMG_1.jpg.json", "IMG_1.jpg"},
		{"IMG_1-編集済み.jpg", "IMG_1.jpg.json", "IMG_1.jpg"},
		{"IMG_1-edited(1).jpg", "IMG_1.jpg(1).json", "IMG_1.jpg"},
		{"IMG_1(1)-edited.jpg", "IMG_1.jpg(1).json", "IMG_1.jpg"},
		{"abcdefghij_abcdefghij_abcdefghij_abcdefghij-ed.jpg", "abcdefghij_abcdefghij_abcdefghij_abcdefghij.jp.json", "abcdefghij_abcdefghij_abcdefghij_abcdefghij.jpg"},

		// The moving part of a live photo.
		{"IMG_1.MP4", "IMG_1.HEIC.json", "IMG_1.HEIC"},
		{"IMG_1.mov", "IMG_1.jpg.supplemental-metadata.json", "IMG_1.jpg"},
		{"IMG_1(1).MP4", "IMG_1.HEIC(1).json", "IMG_1.HEIC"},
		{"PXL_20230604_172812686.MP", "PXL_20230604_172812686.MP.jpg.json", "PXL_20230604_172812686.MP.jpg"},

		// Names beyond the limit.
		{"05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg", "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jp.json", "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg"},
		{"PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINA.jpg", "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGIN.json", "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINAL.jpg"},
		{"13039_327707840323_537645323_9470255_27214_n(1).jpg", "13039_327707840323_537645323_9470255_27214_n.j(1).json", "13039_327707840323_537645323_9470255_27214_n.jpg"},
		{"Backyard_ceremony_wedding_photography_xxxxxxx_m(494).jpg", "Backyard_ceremony_wedding_photography_xxxxxxx_(494).json", "Backyard_ceremony_wedding_photography_xxxxxxx_magnolia.jpg"},
		{"What_ a day_ we had at the lake_ all of us toget.jpg", "What_ a day_ we had at the lake_ all of us tog.json", "What? a day: we had at the lake/ all of us together.jpg"},
		{smileys + "😛.jpg", smileys + ".json", smileys + "😛😝😜🤪.jpg"},
	} {
		t.Run(c.photo+" "+c.json, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{c.json: about(t, c.title, "At the lake")})
			text, err := describe(sidecar.New([]sidecar.Kind{sidecar.Takeout}), dir+c.photo)
			if text != "At the lake" || err != nil {
				t.Errorf("Describe = %q, %v", text, err)
			}
			if c.json != "scan without a kind.json" && c.title != "2013.12.23.jpg" && !sidecar.IsSidecar(c.json) {
				t.Errorf("%s is not seen to be a sidecar", c.json)
			}
		})
	}
}

// A wrong description is worse than none.
func TestTakeoutJSONOfAnotherPhoto(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, photo, json, title string }{
		{"another name", "IMG_1.jpg", "IMG_2.jpg.json", "IMG_2.jpg"},
		{"a longer name", "IMG_1.jpg", "IMG_11.jpg.json", "IMG_11.jpg"},
		{"a number the photo lacks", "IMG_1.jpg", "IMG_1.jpg(1).json", "IMG_1.jpg"},
		{"no number", "IMG_1(1).jpg", "IMG_1.jpg.json", "IMG_1.jpg"},
		{"another number", "IMG_1(1).jpg", "IMG_1.jpg(2).json", "IMG_1.jpg"},
		{"no number on an edited copy's", "IMG_1-edited(1).jpg", "IMG_1.jpg.json", "IMG_1.jpg"},
		{"no number, names beyond the limit", "Backyard_ceremony_wedding_photography_xxxxxxx_m(494).jpg", "Backyard_ceremony_wedding_photography_xxxxxxx_.json", "Backyard_ceremony_wedding_photography_xxxxxxx_magnolia.jpg"},
		{"cut alike, another title", "Backyard_ceremony_wedding_photography_xxxxxxx_m.jpg", "Backyard_ceremony_wedding_photography_xxxxxxx_.json", "Front_yard.jpg"},
		{"another kind of photo", "IMG_1.jpg", "IMG_1.HEIC.json", "IMG_1.HEIC"},
		{"an unknown mark", "IMG_1-draft.jpg", "IMG_1.jpg.json", "IMG_1.jpg"},
		{"the mark of a short name cut", "IMG_1-ed.jpg", "IMG_1.jpg.json", "IMG_1.jpg"},
		{"the original's name, another title", "IMG_1-edited.jpg", "IMG_1.jpg.json", "IMG_7.jpg"},
		{"an album's", "metadata.jpg", "metadata.json", "Chair yoga"},
		{"another day", "2013.12.23.jpg", "2013.12.23.json", "2013.12.24"},
		{"no title to confirm", "IMG_1-edited.jpg", "IMG_1.jpg.json", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{c.json: about(t, c.title, "Of another")})
			text, err := describe(sidecar.New([]sidecar.Kind{sidecar.Takeout}), dir+c.photo)
			if text != "" || err != nil {
				t.Errorf("Describe = %q, %v; want nothing", text, err)
			}
		})
	}
}

// A whole folder, in which every photo has one JSON at most.
func TestTakeoutFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"IMG_1.HEIC.supplemental-metadata.json":    about(t, "IMG_1.HEIC", "first"),
		"IMG_1.HEIC.supplemental-metadata(1).json": about(t, "IMG_1.HEIC", "second"),
		"IMG_1.JPG.supplemental-metadata.json":     about(t, "IMG_1.JPG", "third"),
		"IMG_2.MP4.json":                           about(t, "IMG_2.MP4", "a film"),
		"IMG_2.HEIC.json":                          about(t, "IMG_2.HEIC", "a picture"),
		"IMG_3.jpg.json":                           about(t, "IMG_3.jpg", ""),
		"IMG_3.jpg.supplemental-metadata.json":     about(t, "IMG_3.jpg", "from a later export"),
		"IMG_4.jpg.json":                           about(t, "IMG_4.jpg", ""),
		"img_5.jpg.json":                           about(t, "img_5.jpg", "small"),
		"IMG_5.jpg.json":                           about(t, "IMG_5.jpg", "capital"),
		"metadata.json":                            `{"title":"An album","description":"of the album","date":{}}`,
	})
	f := sidecar.New([]sidecar.Kind{sidecar.Takeout})
	for name, want := range map[string]string{
		"IMG_1.HEIC": "first", "IMG_1.MP4": "first", "IMG_1-edited.jpg": "third", "IMG_1(1).HEIC": "second", "IMG_1(1).MP4": "second",
		"IMG_1(1)-edited.jpg": "second", "IMG_1.JPG": "third", "IMG_2.MP4": "a film", "IMG_2.HEIC": "a picture", "IMG_2.jpg": "",
		"IMG_3.jpg": "from a later export", "IMG_4.jpg": "", "img_5.jpg": "small", "IMG_5.jpg": "capital", "metadata.json": "",
	} {
		if text, err := describe(f, dir+name); text != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, text, err, want)
		}
	}
}

func TestOtherJSON(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content string
		kind    photo.Kind // of the error; "": none
	}{
		"a list, as exiftool writes": {`[{"SourceFile":"IMG_1.jpg"}]`, ""},
		"another program's":          {`{"description":"x"}`, ""},
		"a description of many":      {`{"title":"IMG_1.jpg","description":{"en":"x"}}`, ""},
		"null":                       {`null`, ""},
		"torn":                       {`{"title":"IMG_1.jpg","descr`, photo.KindUnreadable},
		"empty":                      {``, photo.KindUnreadable},
		"nested without end":         {repeat("[", 20000), photo.KindUnreadable},
		"too large":                  {`{"title":"IMG_1.jpg","description":"x"}` + repeat(" ", 1<<20), photo.KindUnreadable},
		"too long a description":     {`{"title":"IMG_1.jpg","description":"` + repeat("é", photo.MaxDescription/2+1) + `"}`, photo.KindTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"IMG_1.jpg.json": c.content})
			text, err := describe(sidecar.New([]sidecar.Kind{sidecar.Takeout}), dir+"IMG_1.jpg")
			if text != "" {
				t.Errorf("text %q", text)
			}
			checkKind(t, err, c.kind)
		})
	}
}
