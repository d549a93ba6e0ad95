// Package picture tells what a file is by its first bytes: a picture, a video,
// or neither. Names and extensions play no part.
//
// It needs nothing but the standard library, because the client links it and
// asks it of every file in a folder. What a picture says about itself (when,
// where, with what camera) is read by package metadata below this one, which
// only the service links.
package picture

import "photos/internal/photo"

// Info is what a picture or video says about itself. Only MediaType is always
// there.
type Info struct {
	MediaType     string          // by content, as Sniff names it
	Width, Height int             // pixels as displayed, orientation applied; 0 when unknown
	TakenAt       photo.Moment    // zero when unknown
	Camera        string          // make and model, the make not said twice
	Shot          photo.Shot      // exposure, lens, duration
	Caption       string          // the photographer's own words; what a camera writes by itself is left out
	Position      *photo.Position // nil when unknown
}
