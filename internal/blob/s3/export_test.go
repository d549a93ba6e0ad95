package s3

import "time"

// Hurry makes the pauses between two attempts of a request short.
func Hurry(c *Config) { c.maxPause = 5 * time.Millisecond }
