package picture

import "encoding/binary"

// sniffBoxes tells apart what is made of boxes (ISO/IEC 14496-12): HEIF and its
// relatives, MP4 and its relatives, and QuickTime, whose older files lack the
// ftyp box and are known by their first atom.
func sniffBoxes(head []byte) string {
	if len(head) < 12 {
		return ""
	}
	switch kind := string(head[4:8]); kind {
	case "ftyp":
		return sniffBrands(head)
	case "moov", "mdat":
		return QuickTime
	case "wide", "free", "skip", "pnot":
		// Below 16 MiB only: a text may also read "…free" here.
		if head[0] == 0 {
			return QuickTime
		}
	}
	return ""
}

// sniffBrands decides by the major brand, and when that is only a family's name
// or unheard of, by the first compatible brand that says more.
func sniffBrands(head []byte) string {
	size := int64(binary.BigEndian.Uint32(head))
	head = head[:min(int64(len(head)), max(size, 12))]
	major := brandType(string(head[8:12]))
	if major != "" && major != HEIF {
		return video(major)
	}
	for at := 16; at+4 <= len(head); at += 4 {
		t := brandType(string(head[at : at+4]))
		if t != "" && t != HEIF {
			return video(t)
		}
		if t == HEIF { // of a coding without a media type of its own
			major = HEIF
		}
	}
	return major
}

// audio marks brands of files that hold sound alone.
const audio = "audio/mp4"

// video is t, or nothing when t is audio.
func video(t string) string {
	if t == audio {
		return ""
	}
	return t
}

// brandType is the media type a brand stands for (https://mp4ra.org/registered-types/brands),
// "" for an unknown one.
func brandType(brand string) string {
	switch brand {
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs":
		return HEIC
	case "mif1", "mif2", "msf1", "heif":
		return HEIF
	case "avif", "avis":
		return AVIF
	case "crx ":
		return CR3
	case "qt  ":
		return QuickTime
	case "M4V ", "M4VH", "M4VP":
		return M4V
	case "M4A ", "M4B ", "M4P ", "F4A ", "F4B ":
		return audio
	case "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "mp41", "mp42", "mp71",
		"avc1", "hvc1", "hev1", "av01", "dash", "cmfc", "mmp4", "MSNV", "NDAS", "XAVC", "f4v ", "F4V ", "niko", "pana", "caqv":
		return MP4
	}
	switch brand[:3] {
	case "3gp", "3gr", "3gs", "3ge", "3gg":
		return ThreeGP
	case "3g2":
		return ThreeGP2
	}
	return ""
}
