package api

// DefaultDistance is in how many bits the digests of photos differ at most that count as
// similar, unless the request says otherwise.
const DefaultDistance = 4

// SimilarPhoto is a photo that looks like another one.
type SimilarPhoto struct {
	Photo
	Distance int `json:"distance"` // in how many of 64 bits their digests differ
}

// SimilarPhotos is the answer of GET /v1/photos/{id}/similar.
type SimilarPhotos struct {
	Photos  []SimilarPhoto `json:"photos"`  // the most similar first
	Pending int            `json:"pending"` // photos that could not be compared yet
}

// Dupes is the answer of GET /v1/photos/dupes.
type Dupes struct {
	Groups  []DupeGroup `json:"groups"`
	Next    string      `json:"next,omitempty"` // the cursor of the next page
	Pending int         `json:"pending"`        // photos that could not be compared yet
}

// DupeGroup is photos that look the same, the newest first.
type DupeGroup struct {
	Photos []Photo `json:"photos"`
}
