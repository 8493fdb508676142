package operator

// Upload is a picture as somebody uploads it: a PNG, JPEG, GIF or WebP.
type Upload struct {
	Content []byte `json:"content"`
}

// Picture is an uploaded picture.
type Picture struct {
	// URL is where chat systems find it.
	URL string `json:"url"`
}
