package picture

// Extension returns the usual ending of the names of files of a media type, with its dot. It is
// empty for a type that Sniff does not know.
func Extension(mediaType string) string {
	return map[string]string{
		JPEG: ".jpg", PNG: ".png", GIF: ".gif", WebP: ".webp", HEIC: ".heic", HEIF: ".heif", AVIF: ".avif",
		TIFF: ".tif", BMP: ".bmp", JXL: ".jxl", PSD: ".psd", JP2: ".jp2",
		CR2: ".cr2", CR3: ".cr3", CRW: ".crw", NEF: ".nef", ARW: ".arw", RAF: ".raf", ORF: ".orf", RW2: ".rw2",
		DNG: ".dng", PEF: ".pef", SRW: ".srw", MRW: ".mrw", X3F: ".x3f", IIQ: ".iiq", MOS: ".mos", ThreeFR: ".3fr",
		DCR: ".dcr", KDC: ".kdc", ERF: ".erf", ARI: ".ari",
		MP4: ".mp4", QuickTime: ".mov", M4V: ".m4v", ThreeGP: ".3gp", ThreeGP2: ".3g2", AVI: ".avi",
		Matroska: ".mkv", WebM: ".webm", MPEG: ".mpg", MPEGTS: ".ts", WMV: ".wmv", FLV: ".flv", Ogg: ".ogv", MXF: ".mxf",
	}[mediaType]
}
