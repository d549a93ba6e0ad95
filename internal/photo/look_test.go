package photo_test

import (
	"fmt"

	"photos/internal/photo"
)

func ExampleColor() {
	c, err := photo.ParseColor("#a0B1c2")
	fmt.Println(c, err)
	_, err = photo.ParseColor("a0b1c2")
	fmt.Println(err)
	// Output:
	// #a0b1c2 <nil>
	// "a0b1c2" is not a color like #a0b1c2
}

func ExampleDigest_Distance() {
	fmt.Println(photo.Digest(0b1011).Distance(0b0010))
	// Output: 2
}
