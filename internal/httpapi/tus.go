package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/store"
)

// What the tus protocol (1.0.0, https://tus.io/protocols/resumable-upload) puts
// into headers is read and written in this file; what it means is in upload.go.

// maxWriter bounds the header Photos-Writer.
const maxWriter = 128

// tus is what every call of the protocol has in common: both sides name the version.
func tus(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set(api.HeaderTusResumable, api.TusVersion)
		if r.Method != http.MethodOptions && r.Header.Get(api.HeaderTusResumable) != api.TusVersion {
			w.Header().Set(api.HeaderTusVersion, api.TusVersion)
			return withStatus(http.StatusPreconditionFailed, &photo.Error{
				Kind: photo.KindUsage, Msg: "uploads speak tus " + api.TusVersion, Hint: api.HeaderTusResumable + ": " + api.TusVersion,
			})
		}
		return h(w, r)
	}
}

func (s *Server) uploadOptions(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set(api.HeaderTusVersion, api.TusVersion)
	h.Set(api.HeaderTusExtension, api.TusExtensions)
	h.Set(api.HeaderTusMaxSize, strconv.FormatInt(s.Limits.MaxUpload, 10))
	h.Set(api.HeaderTusChecksums, "sha1,sha256")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// parseCreation reads what a POST asks for; body tells that bytes come along
// (creation-with-upload).
func parseCreation(r *http.Request, maxUpload int64) (c service.Creation, body bool, err error) {
	if r.Header.Get(api.HeaderUploadConcat) != "" { // a part may look like a picture, and would become a photo
		return c, false, &photo.Error{Kind: photo.KindUsage, Msg: "a photo is one upload, not several that are joined", Hint: "leave out " + api.HeaderUploadConcat}
	}
	if c.Length, err = headerNumber(r, api.HeaderUploadLength); err != nil {
		return c, false, err
	}
	switch {
	case c.Length > maxUpload:
		return c, false, &photo.Error{Kind: photo.KindTooLarge, Msg: fmt.Sprintf("%d bytes are more than one photo may have", c.Length), Hint: fmt.Sprintf("the service takes %d", maxUpload)}
	case c.Length == 0:
		return c, false, &photo.Error{Kind: photo.KindNotPicture, Msg: "the file is empty"}
	}
	if c.Meta, err = parseMetadata(r.Header.Get(api.HeaderUploadMetadata)); err != nil {
		return c, false, err
	}
	if r.ContentLength == 0 {
		return c, false, nil
	}
	if err := octets(r); err != nil {
		return c, false, err
	}
	return c, true, tooMany(r.ContentLength, c.Length)
}

// parseMetadata reads Upload-Metadata and checks it.
func parseMetadata(header string) (service.Meta, error) {
	h, err := api.ParseUploadMetadata(header)
	m := service.Meta{Photo: h.ID, Name: h.Filename, Description: h.Description, DescriptionSource: h.DescriptionSource, Caption: h.Caption, Facts: h.Facts}
	if err != nil {
		return m, err
	}
	m.Name = m.Name[strings.LastIndexByte(m.Name, '/')+1:]
	if len(m.Name) > photo.MaxName {
		return m, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("the file name has %d bytes", len(m.Name)), Hint: fmt.Sprintf("at most %d are kept", photo.MaxName)}
	}
	if err := validDescription(m.Description); err != nil {
		return m, err
	}
	if !m.Caption.Valid() {
		return m, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("caption %.40q", m.Caption), Hint: "it is first or never, or is not said"}
	}
	m.DescriptionSource, err = validSource(m.DescriptionSource)
	return m, err
}

// parseAppend is the offset at which a PATCH appends.
func parseAppend(r *http.Request) (int64, error) {
	if err := octets(r); err != nil {
		return 0, err
	}
	return headerNumber(r, api.HeaderUploadOffset)
}

func octets(r *http.Request) error {
	if r.Header.Get("Content-Type") == api.OffsetContentType {
		return nil
	}
	return withStatus(http.StatusUnsupportedMediaType, &photo.Error{Kind: photo.KindUsage, Msg: "the bytes of an upload have a type of their own", Hint: "Content-Type: " + api.OffsetContentType})
}

func headerNumber(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.Header.Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%s: %.40q is not a number of bytes", name, r.Header.Get(name))}
	}
	return n, nil
}

// tooMany refuses n bytes where only room is left for fewer.
func tooMany(n, room int64) error {
	if n <= room {
		return nil
	}
	return &photo.Error{Kind: photo.KindTooLarge, Msg: "more bytes than were announced", Hint: fmt.Sprintf("there is room for %d", room)}
}

// writerOf names the process that sends, so that its retry is told from a rival.
// Clients that name none are one writer: the newest request goes on.
func writerOf(r *http.Request) (string, error) {
	writer := r.Header.Get(api.HeaderWriter)
	if len(writer) > maxWriter {
		return "", &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%s: more than %d bytes", api.HeaderWriter, maxWriter)}
	}
	return writer, nil
}

// uploadPath is the address of an upload, or of a finished one, which is named
// by its photo.
func (s *Server) uploadPath(id string) string { return s.prefix + api.PathUploads + "/" + id }

// metadataOf is the Upload-Metadata of an upload, as it was given.
func metadataOf(u store.Upload) api.UploadMetadata {
	m := api.UploadMetadata{Filename: u.Name, ID: u.Photo, Description: u.Description, Caption: u.Caption, Facts: u.Facts}
	if u.Description != "" {
		m.DescriptionSource = u.DescriptionSource
	}
	return m
}

// setProgress says where an upload is and, when it is finished, what became of the photo.
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
