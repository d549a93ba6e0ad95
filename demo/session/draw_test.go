package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestDraw(t *testing.T) {
	t.Parallel()
	got := draw("$ photos list <a&b>\n\x1b[36m3f9a\x1b[0m  \x1b[1;31mred\x1b[39m bold\x1b[m plain\n\x1b[38;2;255;128;0m\x1b[48;2;0;0;255m▀▀\x1b[0m\n\n\n", 40)
	for _, want := range []string{
		`>$ photos list &lt;a&amp;b&gt;</text>`,
		` textLength="33.6" fill="#66d9d9">3f9a</text>`,
		` fill="#ff6b68" font-weight="bold">red</text>`,
		` font-weight="bold">bold</text>`,
		`>plain</text>`,
		`<path fill="#ff8000" d="M0 4h2v1h-2z"/>`,
		`<path fill="#0000ff" d="M0 5h2v1h-2z"/>`,
		`viewBox="0 0 368 104"`, // three lines
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	wantXML(t, got)
}

func TestColors(t *testing.T) {
	t.Parallel()
	for codes, want := range map[string]style{
		"":                 {},
		"31;42":            {fg: palette(1), bg: palette(2)},
		"97;107":           {fg: palette(15), bg: palette(15)},
		"38;5;16;48;5;231": {fg: "#000000", bg: "#ffffff"},
		"38;5;196":         {fg: "#ff0000"},
		"38;5;244":         {fg: "#808080"},
		"48;2;1;2;3":       {bg: "#010203"},
		"2;4":              {dim: true, underlined: true},
		"7":                {fg: background, bg: foreground},
		"38":               {},
	} {
		if got := (style{bold: true}).with("0;" + codes); got != want {
			t.Errorf("%q: %+v, want %+v", codes, got, want)
		}
	}
}

func wantXML(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
