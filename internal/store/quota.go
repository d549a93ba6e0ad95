package store

import (
	"fmt"

	"photos/internal/photo"
)

// Quota limits what each owner may have. Zero means no limit.
type Quota struct {
	Photos  int64 // including those in the trash, until they are purged
	Bytes   int64 // of these photos
	Uploads int64 // unfinished uploads
}

// LimitsPhotos reports whether the quota limits how much an owner stores.
func (q Quota) LimitsPhotos() bool { return q.Photos > 0 || q.Bytes > 0 }

// Allow returns an error of photo.KindQuota when another photo of size bytes would
// exceed the quota of an owner with the usage u. announced is how many bytes other
// unfinished uploads of the owner will bring.
func (q Quota) Allow(u Usage, size, announced int64) error {
	const hint = "delete photos; photos in the trash count until they are purged"
	room := q.Bytes - u.Bytes - u.TrashedBytes
	switch {
	case q.Photos > 0 && u.Photos+u.TrashedPhotos >= q.Photos:
		return &photo.Error{Kind: photo.KindQuota, Msg: fmt.Sprintf("you have %d photos, and your quota allows no more", u.Photos+u.TrashedPhotos), Hint: hint}
	case q.Bytes > 0 && size > room:
		return &photo.Error{
			Kind: photo.KindQuota, Hint: hint,
			Msg: fmt.Sprintf("no room for another %d bytes: your photos use %d of %d", size, u.Bytes+u.TrashedBytes, q.Bytes),
		}
	case q.Bytes > 0 && announced > room-size:
		return &photo.Error{
			Kind: photo.KindQuota, Hint: "finish these uploads, or wait until they expire",
			Msg: fmt.Sprintf("no room for another %d bytes: your photos use %d of %d, and your unfinished uploads need %d", size, u.Bytes+u.TrashedBytes, q.Bytes, announced),
		}
	}
	return nil
}

// AllowUpload returns an error of photo.KindQuota when another upload would exceed
// the quota of an owner with that many unfinished uploads.
func (q Quota) AllowUpload(unfinished int64) error {
	if q.Uploads == 0 || unfinished < q.Uploads {
		return nil
	}
	return &photo.Error{
		Kind: photo.KindQuota, Msg: fmt.Sprintf("you have %d unfinished uploads, and your quota allows no more", unfinished),
		Hint: "finish them, or wait until they expire",
	}
}
