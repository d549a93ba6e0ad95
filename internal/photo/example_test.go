package photo_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"photos/internal/photo"
)

// The ID of a photo is the digest of its bytes, so whoever has the file knows it.
func ExampleID() {
	id := photo.ID(sha256.Sum256([]byte("the bytes of beach.jpg")))
	again, err := photo.ParseID(id.String())
	fmt.Println(id.Short(), again == id, err)
	_, err = photo.ParseID("cafe")
	fmt.Println(photo.KindOf(err))
	// Output:
	// f1eba28d9c82 true <nil>
	// usage
}

// The kind of an error survives wrapping. It decides exit codes and HTTP statuses.
func ExampleError() {
	err := fmt.Errorf("beach.jpg: %w", &photo.Error{
		Kind: photo.KindUnreadable, Msg: "cannot be read", Hint: "look at its permissions", Err: fs.ErrPermission,
	})
	fmt.Println(err)
	fmt.Println(photo.KindOf(err), errors.Is(err, fs.ErrPermission), photo.EndsRun(err))
	fmt.Println("hint:", photo.HintOf(err))
	// Output:
	// beach.jpg: cannot be read: permission denied
	// unreadable true false
	// hint: look at its permissions
}

// A camera may know the time on the wall only, or also the offset from UTC.
func ExampleMoment() {
	taken := time.Date(2024, 7, 14, 18, 30, 0, 0, time.FixedZone("", 2*60*60))
	fmt.Println(photo.At(taken))
	fmt.Println(photo.AtWallClock(taken))
	// Output:
	// 2024-07-14T18:30:00+02:00
	// 2024-07-14T18:30:00
}

func ExamplePhoto_FileName() {
	for _, name := range []string{"beach.jpg", `..\con: a?.jpg`, ".jpg", "-rf"} {
		fmt.Println(photo.Photo{Name: name}.FileName())
	}
	// Output:
	// beach.jpg
	// _.._con_ a_.jpg
	// _.jpg
	// _-rf
}

func ExampleParseSize() {
	for _, s := range []string{"5M", "5MiB", "1.5k", "many"} {
		size, err := photo.ParseSize(s)
		fmt.Println(int64(size), err != nil)
	}
	// Output:
	// 5000000 false
	// 5242880 false
	// 1500 false
	// 0 true
}
