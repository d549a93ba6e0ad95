package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// claims are the tags of one file as exiftool names them with -G1: "ExifIFD:FNumber".
type claims map[string]any

// text returns a tag as text, and "" if it is absent.
func (c claims) text(tag string) string {
	switch v := c[tag].(type) {
	case nil:
		return ""
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// number returns a tag as a number.
func (c claims) number(tag string) (float64, bool) {
	f, err := strconv.ParseFloat(c.text(tag), 64)
	return f, err == nil
}

// first returns the first of these tags that has a text. A tag that begins with "*:" may be in
// any group.
func (c claims) first(tags ...string) (tag, text string) {
	for _, tag := range tags {
		if name, anyGroup := strings.CutPrefix(tag, "*:"); anyGroup {
			tag = c.inAnyGroup(name)
		}
		if text := c.text(tag); text != "" {
			return tag, text
		}
	}
	return "", ""
}

// addOtherLanguages adds the texts that are only there with the name of a language, as in
// PNG:Description-fi, without that name.
func (c claims) addOtherLanguages() {
	for _, tag := range slices.Sorted(maps.Keys(c)) {
		if m := regexp.MustCompile(`^(.+)-[a-z]{2,3}(-[A-Za-z]+)*$`).FindStringSubmatch(tag); len(m) > 1 && c[m[1]] == nil {
			c[m[1]] = c[tag]
		}
	}
}

// inAnyGroup returns the first tag of this name in the order of their groups.
func (c claims) inAnyGroup(name string) string {
	var found []string
	for tag := range c {
		if group, n, _ := strings.Cut(tag, ":"); n == name && group != "Composite" && c.text(tag) != "" {
			found = append(found, tag)
		}
	}
	slices.Sort(found)
	if len(found) == 0 {
		return ""
	}
	return found[0]
}

// damage returns exiftool's warning that it could not read all of the file, otherwise "". It stops
// earlier than photos does.
func (c claims) damage() string {
	warning := c.text("ExifTool:Warning")
	if regexp.MustCompile(`(?i)error|bad |corrupt|truncated|invalid|illegal|suspicious`).MatchString(warning) {
		return warning
	}
	return ""
}

// gaveUp returns exiftool's message if it could not read the file at all, otherwise "".
func (c claims) gaveUp() string {
	_, message := c.first("ExifTool:Error", "ExifTool:Warning")
	if c.text("Composite:ImageSize") == "" && strings.Contains(message, "error") {
		return message
	}
	return c.text("ExifTool:Error")
}

// mediaType returns the type that exiftool gives the file.
func (c claims) mediaType() string { return c.text("File:MIMEType") }

// A moment is a date in the parts that can be compared.
type moment struct {
	clock    string // digits of date and time, such as 20240531180000
	fraction string // without zeros at the end
	zone     string // such as +02:00, Z, or "" if unknown
}

// parseMoment finds the parts of a date in any form that exiftool and photos print. It returns
// the zero moment for anything else, and for the dates of clocks that were never set.
func parseMoment(s string) moment {
	form := regexp.MustCompile(`^(\d{4})[-:/. ](\d{1,2})[-:/. ](\d{1,2})(?:[T ](\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:[.,](\d+))?)?\s*(Z|[+-]\d{2}:?\d{2})?$`)
	m := form.FindStringSubmatch(strings.TrimSuffix(strings.TrimSpace(s), " DST")) // AVCHD says so in summer
	if len(m) < 9 || m[1] < "1826" || m[1] > "2200" {
		return moment{}
	}
	clock := m[1]
	for _, part := range m[2:7] {
		clock += fmt.Sprintf("%02s", cmp.Or(part, "00"))
	}
	if m[6] >= "60" {
		return moment{} // exiftool also prints what is not a time
	}
	if strings.HasPrefix(clock, "19700101") || clock[4:6] == "00" || clock[6:8] == "00" {
		return moment{}
	}
	return moment{clock, strings.TrimRight(m[7], "0"), m[8]}
}

// agrees reports whether the date m of photos is the date want of exiftool. A part that
// exiftool does not know does not count.
func (m moment) agrees(want moment) bool {
	if m.clock != want.clock {
		return false
	}
	const digits = 3
	cut := func(s string) string { return strings.TrimRight(s[:min(len(s), digits)], "0") }
	if want.fraction != "" && cut(m.fraction) != cut(want.fraction) {
		return false
	}
	utc := func(zone string) string { return strings.NewReplacer("Z", "+00:00", "-00:00", "+00:00").Replace(zone) }
	return want.zone == "" || utc(m.zone) == utc(want.zone)
}

// date returns the date that docs/formats.md prefers, and the tag that has it.
func (c claims) date() (tag string, m moment) {
	for _, d := range []struct{ tag, fraction, zone string }{
		{"ExifIFD:DateTimeOriginal", "ExifIFD:SubSecTimeOriginal", "ExifIFD:OffsetTimeOriginal"},
		{"IFD0:DateTimeOriginal", "IFD0:SubSecTimeOriginal", "IFD0:OffsetTimeOriginal"},
		{"XMP-exif:DateTimeOriginal", "", ""},
		{"XMP-photoshop:DateCreated", "", ""},
		{"IPTC", "", ""},
		{"ExifIFD:CreateDate", "ExifIFD:SubSecTimeDigitized", "ExifIFD:OffsetTimeDigitized"},
		{"Keys:CreationDate", "", ""},
		{"*:DateTimeOriginal", "", ""},
		{"PNG:CreationTime", "", ""},
		{"*:ContentCreateDate", "", ""},
		{"RIFF:DateCreated", "", ""},
		{"Matroska:CreationTime", "", ""},
		{"ASF:CreationDate", "", ""},
		{"QuickTime:CreateDate", "", ""},
		{"XMP-xmp:CreateDate", "", ""},
		{"IFD0:ModifyDate", "IFD0:SubSecTime", "IFD0:OffsetTime"},
	} {
		tag, text := c.first(d.tag)
		if day := len("2006:01:02"); d.tag == "IPTC" || d.tag == "XMP-photoshop:DateCreated" && len(text) <= day && len(c.iptcDate()) > day {
			tag, text = "IPTC:DateCreated", c.iptcDate() // the one of the two that has a time
		}
		m := parseMoment(text)
		if m == (moment{}) {
			continue
		}
		if fraction := c.text(d.fraction); m.fraction == "" && strings.Trim(fraction, "0123456789") == "" {
			m.fraction = strings.TrimRight(fraction, "0")
		}
		if zone := c.text(d.zone); regexp.MustCompile(`^(Z|[+-]\d\d:\d\d)$`).MatchString(zone) {
			m.zone = cmp.Or(m.zone, zone)
		}
		return tag, m
	}
	return "", moment{}
}

func (c claims) iptcDate() string {
	day, clock := c.text("IPTC:DateCreated"), c.text("IPTC:TimeCreated")
	if time := len("15:04:05"); strings.HasSuffix(clock, ":60") && len(clock) > time {
		clock = clock[:time] // an offset that is not one
	}
	if parseMoment(day+" "+clock) != (moment{}) {
		return day + " " + clock
	}
	return day
}

// hasClock reports whether any tag of the picture has this date.
func (c claims) hasClock(clock string) bool {
	for tag := range c {
		if m := parseMoment(c.text(tag)); m.clock == clock && !strings.HasPrefix(tag, "System:") {
			return true
		}
	}
	return false
}

// camera returns make and model.
func (c claims) camera() (maker, model string) {
	_, maker = c.first("H264:Make", "IFD0:Make", "ExifIFD:Make", "XMP-tiff:Make", "Keys:Make", "*:Make")
	_, model = c.first("IFD0:Model", "ExifIFD:Model", "XMP-tiff:Model", "Keys:Model", "*:Model")
	if name := map[string]string{"259": "Panasonic", "264": "Sony", "4113": "Canon", "4356": "JVC"}[maker]; name != "" {
		maker = name // with -n, exiftool prints the numbers of AVCHD
	}
	return maker, model
}

// position returns the position, unless it is unknown or the 0,0 of devices that do not know.
func (c claims) position() (latitude, longitude float64, known bool) {
	for _, group := range []string{"Composite", "XMP-exif"} {
		latitude, has := c.number(group + ":GPSLatitude")
		longitude, both := c.number(group + ":GPSLongitude")
		if has && both && (latitude != 0 || longitude != 0) && math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180 {
			return latitude, longitude, true
		}
	}
	return 0, 0, false
}

// size returns the size as displayed: the one that exiftool composes, turned if the file says
// so.
func (c claims) size() frame {
	var f frame
	if _, err := fmt.Sscan(c.text("Composite:ImageSize"), &f.width, &f.height); err != nil {
		return frame{}
	}
	if crop := c.text("SubIFD:DefaultCropSize"); crop != "" {
		if _, err := fmt.Sscan(crop, &f.width, &f.height); err != nil {
			return frame{}
		}
	}
	if f.width <= 0 || f.height <= 0 {
		return frame{}
	}
	turned := false
	if o, ok := c.number("IFD0:Orientation"); ok && c.turnsByEXIF() {
		turned = o >= 5 && o <= 8
	}
	for _, tag := range []string{"QuickTime:Rotation", "Composite:Rotation", "CanonRaw:Rotation", "SigmaRaw:Rotation"} {
		if angle, ok := c.number(tag); ok {
			turned = int(angle)%180 != 0
		}
	}
	if turned {
		f.width, f.height = f.height, f.width
	}
	return f
}

// turnsByEXIF reports whether the format is turned by the orientation in its EXIF block.
func (c claims) turnsByEXIF() bool {
	switch c.mediaType() {
	case "image/heic", "image/heif", "image/avif", "image/jxl", "image/vnd.adobe.photoshop":
		return false
	}
	return strings.HasPrefix(c.mediaType(), "image/")
}

// captions returns the captions, the best first.
func (c claims) captions() []string {
	var all []string
	for _, tag := range []string{
		"XMP-dc:Description", "IPTC:Caption-Abstract", "IFD0:ImageDescription", "XMP-tiff:ImageDescription",
		"IFD0:XPComment", "IFD0:XPSubject", "IFD0:XPTitle",
		"PNG:Description", "PNG:Comment", "PNG:Title",
		"RIFF:Subject", "RIFF:Comment", "RIFF:Title",
		"Keys:Description", "UserData:Description", "UserData:Information", "UserData:Comment",
		"ItemList:Description", "ItemList:LongDescription", "ItemList:Comment",
		"ASF:Description", "*:TagDescription", "Matroska:Description", "Matroska:Comment",
	} {
		if _, text := c.first(tag); text != "" {
			all = append(all, text)
		}
	}
	if text := c.text("File:Comment"); text != "" && c.mediaType() == "image/gif" { // in other formats, programs write it
		all = append(all, text)
	}
	return all
}
