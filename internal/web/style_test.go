package web

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// colors are the tokens of a style sheet, by name.
type colors map[string]string

var (
	darkTokens = regexp.MustCompile(`(?s)@media \(prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}`)
	anyTokens  = regexp.MustCompile(`(?s):root \{(.*?)\}`)
	colorToken = regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{3,6});`)
)

func readColors(style string, block *regexp.Regexp) colors {
	all := colors{}
	for _, token := range colorToken.FindAllStringSubmatch(block.FindStringSubmatch(style)[1], -1) {
		all[token[1]] = token[2]
	}
	return all
}

// luminance returns the relative luminance of a color, as WCAG 2.2 defines it.
func luminance(color string) float64 {
	hex := color[1:]
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	sum := 0.0
	for i, weight := range []float64{.2126, .7152, .0722} {
		value, _ := strconv.ParseUint(hex[2*i:2*i+2], 16, 8) // the expression found hex digits
		part := float64(value) / 255
		if part <= .04045 {
			part /= 12.92
		} else {
			part = math.Pow((part+.055)/1.055, 2.4)
		}
		sum += weight * part
	}
	return sum
}

func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// Texts have a contrast of 4.5 to 1, and the edges of fields and the mark of the focus one of 3 to 1
// (WCAG 2.2 AA, 1.4.3 and 1.4.11). axe-core examines texts only.
func TestContrast(t *testing.T) {
	t.Parallel()
	pairs := map[string]float64{
		"ink paper": 4.5, "ink card": 4.5, "ink hold": 4.5, "quiet paper": 4.5, "quiet card": 4.5, "quiet hold": 4.5, "act paper": 4.5, "act card": 4.5, "on-act act": 4.5, "on-act act-hover": 4.5,
		"good good-wash": 4.5, "bad bad-wash": 4.5, "bad card": 4.5, "bad paper": 4.5, "edge paper": 3, "edge card": 3, "ring paper": 3, "ring card": 3,
	}
	for _, path := range []string{"static/style.css", "../userpool/pages/style.css"} {
		style, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for look, block := range map[string]*regexp.Regexp{"light": anyTokens, "dark": darkTokens} {
			all := readColors(string(style), block)
			if len(all) < 14 {
				t.Fatalf("%s: %s has the colors %v", path, look, all)
			}
			for pair, least := range pairs {
				name := regexp.MustCompile(`\S+`).FindAllString(pair, 2)
				front, back := all[name[0]], all[name[1]]
				if name[1] == "hold" && back == "" { // the pool's pages have none
					continue
				}
				if got := contrast(front, back); got < least {
					t.Errorf("%s, %s colors: %s has a contrast of %.2f, want %.1f", path, look, pair, got, least)
				}
			}
		}
	}
}

// Every class of the style sheet is one that a page or a script uses.
func TestEveryRuleIsUsed(t *testing.T) {
	t.Parallel()
	used := ""
	for _, folder := range []string{"templates", "static"} {
		files, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f.Name() != "style.css" {
				text, err := os.ReadFile(folder + "/" + f.Name())
				if err != nil {
					t.Fatal(err)
				}
				used += string(text)
			}
		}
	}
	style, err := os.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`(?s)/\*.*?\*/|\{[^{}]*\}`).ReplaceAllString(string(style), "{}")
	classes := regexp.MustCompile(`\.([a-z][a-z-]*)`).FindAllStringSubmatch(rules, -1)
	if len(classes) < 100 {
		t.Fatalf("the style sheet has %d classes", len(classes))
	}
	for _, class := range classes {
		if !regexp.MustCompile(`["' ]` + class[1] + `["' ]`).MatchString(used) {
			t.Errorf("nothing has the class %s", class[1])
		}
	}
}
