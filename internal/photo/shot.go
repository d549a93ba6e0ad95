package photo

import "time"

// Shot is how a photo or video was taken, as its camera recorded it. A field that is zero
// is not known.
type Shot struct {
	ExposureTime float64       // seconds
	Aperture     float64       // f-number
	ISO          int           // sensitivity
	FocalLength  float64       // millimeters, of the lens itself
	Lens         string        // model
	Duration     time.Duration // of a video
}
