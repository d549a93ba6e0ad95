package store

import (
	"fmt"

	"photos/internal/photo"
)

// Quota is what each owner may have. Zero means any number.
type Quota struct {
	Photos  int64 // those in the trash included, until they are purged
	Bytes   int64 // of these photos
	Uploads int64 // under way
}

// Allow refuses another photo of size bytes for an owner who has what u says, with
// photo.KindQuota, when it would be too much.
func (q Quota) Allow(u Usage, size int64) error {
	const hint = "delete photos; those in the trash count until they are purged"
	switch {
	case q.Photos > 0 && u.Photos+u.TrashedPhotos >= q.Photos:
		return &photo.Error{Kind: photo.KindQuota, Msg: fmt.Sprintf("you have %d photos, which is as many as you may have", u.Photos+u.TrashedPhotos), Hint: hint}
	case q.Bytes > 0 && size > q.Bytes-u.Bytes-u.TrashedBytes:
		return &photo.Error{
			Kind: photo.KindQuota, Hint: hint,
			Msg: fmt.Sprintf("there is no room for %d bytes more: your photos take %d of %d", size, u.Bytes+u.TrashedBytes, q.Bytes),
		}
	}
	return nil
}

// AllowUpload refuses another upload for an owner who has as many under way, with
// photo.KindQuota, when it would be too much.
func (q Quota) AllowUpload(underWay int64) error {
	if q.Uploads == 0 || underWay < q.Uploads {
		return nil
	}
	return &photo.Error{
		Kind: photo.KindQuota, Msg: fmt.Sprintf("%d of your uploads are unfinished, which is as many as you may have", underWay),
		Hint: "finish them, or wait until they expire",
	}
}
