package httpapi

import (
	"fmt"
	"net/http"
	"strconv"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/service"
)

// This file reads and writes the headers of the tus protocol (1.0.0,
// https://tus.io/protocols/resumable-upload). uploads.go has the handlers.

// maxWriter bounds the header Photos-Writer.
const maxWriter = 128

// tus adds to a handler what all requests of the protocol have in common: both sides name
// the version.
func tus(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set(api.HeaderTusResumable, api.TusVersion)
		if r.Method != http.MethodOptions && r.Header.Get(api.HeaderTusResumable) != api.TusVersion {
			w.Header().Set(api.HeaderTusVersion, api.TusVersion)
			return withStatus(http.StatusPreconditionFailed, &photo.Error{
				Kind: photo.KindUsage, Msg: "uploads need version " + api.TusVersion + " of tus", Hint: api.HeaderTusResumable + ": " + api.TusVersion,
			})
		}
		return h(w, r)
	}
}

// parseCreation reads what a POST asks for. body says that bytes come with it
// (creation-with-upload).
func parseCreation(r *http.Request) (c service.Creation, body bool, err error) {
	if r.Header.Get(api.HeaderUploadConcat) != "" { // a part may look like a picture, and would become a photo
		return c, false, &photo.Error{Kind: photo.KindUsage, Msg: "an upload is one photo; joining uploads is not supported", Hint: "leave out " + api.HeaderUploadConcat}
	}
	if c.Length, err = headerNumber(r, api.HeaderUploadLength); err != nil {
		return c, false, err
	}
	if c.Meta, err = parseMetadata(r.Header.Get(api.HeaderUploadMetadata)); err != nil {
		return c, false, err
	}
	if r.ContentLength == 0 {
		return c, false, nil
	}
	return c, true, checkBodyType(r)
}

// parseMetadata reads Upload-Metadata.
func parseMetadata(header string) (service.Meta, error) {
	m, err := api.ParseUploadMetadata(header)
	return service.Meta{
		Photo: m.ID, Name: m.Filename, Description: m.Description, DescriptionSource: m.DescriptionSource, Caption: m.Caption, Facts: m.Facts,
	}, err
}

// parseAppend returns the offset at which a PATCH appends.
func parseAppend(r *http.Request) (int64, error) {
	if err := checkBodyType(r); err != nil {
		return 0, err
	}
	return headerNumber(r, api.HeaderUploadOffset)
}

func checkBodyType(r *http.Request) error {
	if r.Header.Get("Content-Type") == api.OffsetContentType {
		return nil
	}
	return withStatus(http.StatusUnsupportedMediaType, &photo.Error{Kind: photo.KindUsage, Msg: "the bytes of an upload have the wrong type", Hint: "Content-Type: " + api.OffsetContentType})
}

func headerNumber(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseUint(r.Header.Get(name), 10, 63)
	if err != nil {
		return 0, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%s: %.40q is not a number of bytes", name, r.Header.Get(name))}
	}
	return int64(n), nil
}

// writerOf returns the name of the client process, which tells its retry from another
// client. All clients without a name are one writer, whose newest request wins.
func writerOf(r *http.Request) (string, error) {
	writer := r.Header.Get(api.HeaderWriter)
	if len(writer) > maxWriter {
		return "", &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%s: more than %d bytes", api.HeaderWriter, maxWriter)}
	}
	return writer, nil
}

// metadataOf returns the Upload-Metadata of an upload as the client gave it.
func metadataOf(at service.Progress) api.UploadMetadata {
	u := at.Upload
	m := api.UploadMetadata{Filename: u.Name, ID: u.Photo, Description: u.Description, Caption: u.Caption, Facts: u.Facts}
	if u.Description != "" {
		m.DescriptionSource = u.DescriptionSource
	}
	return m
}

// setProgress sets the headers that say how far an upload is and, when it is finished, its
// outcome.
func setProgress(h http.Header, at service.Progress) {
	h.Set(api.HeaderUploadOffset, strconv.FormatInt(at.Offset, 10))
	if at.Done == nil {
		h.Set(api.HeaderUploadExpires, at.ExpiresAt.UTC().Format(http.TimeFormat))
		return
	}
	h.Set(api.HeaderID, at.Done.Photo.ID.String())
	h.Set(api.HeaderOutcome, string(at.Done.Outcome))
	if at.Done.DescriptionKept {
		h.Set(api.HeaderKept, "true")
	}
}
